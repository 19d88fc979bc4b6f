"""`datastore doctor`: checks of configuration, connection and access."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.cli.checks.network import check_network
from datastore_sdk.cli.checks.result import CheckResult, CheckStatus
from datastore_sdk.cli.checks.service import check_service
from datastore_sdk.cli.checks.settings import check_settings
from datastore_sdk.cli.checks.versions import check_versions
from datastore_sdk.cli.output import result_output
from datastore_sdk.cli.rendering import build_console, printable
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


def doctor(
    *,
    profile: Annotated[str | None, typer.Option(help="Profile. Default: the one that the SDK uses.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Timeout of each check in seconds.")] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Find out why the SDK does not work on this machine.

    Checks settings and their sources, the connection to the host, its certificate, the clock, the token and WebSockets,
    and advises on each problem. It sends three cheap requests that change nothing. No secret is shown.

    Exit status: **0** no problem, **1** a problem, **3** could not run.

    For example:

        datastore doctor

        RESTREAM_HOST=http://127.0.0.1:8123 datastore doctor --timeout 2 --json
    """
    results = [*_run_checks(profile, timeout)]
    with result_output():
        if json:
            typer.echo(json_.dumps({"good": _is_healthy(results), "results": [*map(asdict, results)]}, indent=2))
        else:
            _print_results(results)
    return 0 if _is_healthy(results) else 1


def _run_checks(profile: str | None, seconds: float) -> Iterator[CheckResult]:
    yield from check_versions()
    resolved = check_settings(profile)
    yield from resolved.results
    if resolved.configuration is None:
        return
    network = [
        *check_network(resolved.configuration.base_url.value, resolved.configuration.connection_settings(), seconds)
    ]
    yield from network
    if not _is_healthy(network):
        return
    with Client._from_config(resolved.configuration).with_options(
        timeout=Timeouts.of(seconds), retries=RetryPolicy(max_attempts=1)
    ) as client:
        yield from check_service(client, has_credentials=resolved.has_credentials)


def _is_healthy(results: Sequence[CheckResult]) -> bool:
    return all(result.status is not CheckStatus.WRONG for result in results)


def _print_results(results: Sequence[CheckResult]) -> None:
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
