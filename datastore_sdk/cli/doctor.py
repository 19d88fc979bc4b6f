"""`datastore doctor`: what is configured, and how far one gets with it."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.cli.checks.network import way_to
from datastore_sdk.cli.checks.result import CheckResult, CheckStatus
from datastore_sdk.cli.checks.service import service
from datastore_sdk.cli.checks.settings import settings
from datastore_sdk.cli.checks.versions import versions
from datastore_sdk.cli.output import results
from datastore_sdk.cli.rendering import console_for, printable
from datastore_sdk.client import Client
from datastore_sdk.transport.executor.retry import RetryPolicy

_STYLES = {
    CheckStatus.GOOD: "green",
    CheckStatus.WARNING: "yellow",
    CheckStatus.WRONG: "bold red",
    CheckStatus.SKIPPED: "dim",
}
_SHOWN = "settings"
"""The check whose details people are shown too."""


def doctor(
    *,
    profile: Annotated[
        str | None, typer.Option(help="The profile to look at. Default: the one that the SDK would use.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for each answer.")] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> int:
    """Find out what keeps the SDK from working here.

    Tells what is configured and where that comes from, whether the host can be reached, whether its certificate is
    trusted, how far the clocks differ, whether the token is good, and whether WebSockets get through; and for each
    thing that is wrong, what to do. It makes three cheap calls that change nothing. No secret is shown.

    Exit status: **0** all is well, **1** something is wrong, **3** could not run.

    For example:

        datastore doctor

        RESTREAM_HOST=http://127.0.0.1:8123 datastore doctor --timeout 2 --json
    """
    findings = [*_examined(profile, timeout)]
    with results():
        if json:
            typer.echo(json_.dumps({"good": _is_well(findings), "findings": [*map(asdict, findings)]}, indent=2))
        else:
            _print(findings)
    return 0 if _is_well(findings) else 1


def _examined(profile: str | None, seconds: float) -> Iterator[CheckResult]:
    yield from versions()
    known = settings(profile)
    yield from known.findings
    if known.configuration is None:
        return
    on_the_way = [*way_to(known.configuration.base_url.value, known.configuration.connection_settings(), seconds)]
    yield from on_the_way
    if not _is_well(on_the_way):
        return
    with Client._from_config(known.configuration).with_options(
        timeout=Timeouts.of(seconds), retries=RetryPolicy(max_attempts=1)
    ) as client:
        yield from service(client, has_credentials=known.has_credentials)


def _is_well(findings: Sequence[CheckResult]) -> bool:
    return all(finding.status is not CheckStatus.WRONG for finding in findings)


def _print(findings: Sequence[CheckResult]) -> None:
    console = console_for(sys.stdout)
    for finding in findings:
        first, *more = finding.message.splitlines()
        line = Text(f"{finding.status:<9}", style=_STYLES[finding.status])
        line.append(f"{finding.check:<12}", style="bold")
        line.append(printable(first), style="")
        console.print(line)
        for text in more:
            console.print(Text(f"{'':21}{printable(text)}"))
        if finding.advice:
            console.print(Text(f"{'':21}{printable(finding.advice)}", style="cyan"))
        if finding.check == _SHOWN:
            for name, setting in finding.details.items():
                told = f"{setting['value']}  ({setting['source']})"
                console.print(Text(f"{'':21}{name:<21}{printable(told)}", style="dim"))
