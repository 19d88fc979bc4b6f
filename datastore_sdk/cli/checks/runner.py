"""Run the checks of `datastore doctor`, and print their results."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import typer
from rich.text import Text

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.cli.checks.network import check_network
from datastore_sdk.cli.checks.result import CheckResult, CheckStatus
from datastore_sdk.cli.checks.service import check_service
from datastore_sdk.cli.checks.settings import check_settings
from datastore_sdk.cli.checks.versions import check_versions
from datastore_sdk.cli.console import build_console, printable, result_output
from datastore_sdk.client import Client
from datastore_sdk.transport.executor.retry import RetryPolicy

_STYLES = {
    CheckStatus.GOOD: "green",
    CheckStatus.WARNING: "yellow",
    CheckStatus.WRONG: "bold red",
    CheckStatus.SKIPPED: "dim",
}
_DETAILED_CHECK = "settings"
"""The check whose details the text output shows."""


def run_checks(profile: str | None, seconds: float) -> Iterator[CheckResult]:
    """Yield the results of all checks, as far as they make sense; each has so many seconds."""
    yield from check_versions()
    resolved = check_settings(profile)
    yield from resolved.results
    if resolved.configuration is None:
        return
    network = [
        *check_network(resolved.configuration.base_url.value, resolved.configuration.connection_settings(), seconds)
    ]
    yield from network
    if not is_healthy(network):
        return
    with Client._from_config(resolved.configuration).with_options(
        timeout=Timeouts.of(seconds), retries=RetryPolicy(max_attempts=1)
    ) as client:
        yield from check_service(client, has_credentials=resolved.has_credentials)


def is_healthy(results: Sequence[CheckResult]) -> bool:
    """Return whether no check found a problem."""
    return all(result.status is not CheckStatus.WRONG for result in results)


def print_results(results: Sequence[CheckResult], *, json: bool) -> None:
    """Print results, as text or JSON."""
    with result_output():
        if json:
            typer.echo(json_.dumps({"good": is_healthy(results), "results": [*map(asdict, results)]}, indent=2))
        else:
            _print_text(results)


def _print_text(results: Sequence[CheckResult]) -> None:
    console = build_console(sys.stdout)
    for result in results:
        first, *more = result.message.splitlines()
        line = Text(f"{result.status:<9}", style=_STYLES[result.status])
        line.append(f"{result.check:<12}", style="bold")
        line.append(printable(first), style="")
        console.print(line)
        for text in more:
            console.print(Text(f"{'':21}{printable(text)}"))
        if result.advice:
            console.print(Text(f"{'':21}{printable(result.advice)}", style="cyan"))
        if result.check == _DETAILED_CHECK:
            for name, setting in result.details.items():
                text_of_setting = f"{setting['value']}  ({setting['source']})"
                console.print(Text(f"{'':21}{name:<21}{printable(text_of_setting)}", style="dim"))
