"""Text reports of drift, in color on a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.text import Text

from datastore_sdk.cli.console import build_console, printable
from datastore_sdk.drift.report import Finding, Report, Severity

_STYLES = {Severity.BREAKING: "bold red", Severity.COMPATIBLE: "yellow", Severity.DOCUMENTATION: "cyan"}
MAX_NAMES = 6
"""Maximum number of endpoints, or names of the SDK, in a list."""


def print_report(report: Report, stream: TextIO) -> None:
    """Write findings by endpoint, breaking ones first, and the result in the last line."""
    console = build_console(stream)
    by_calls = sorted(report.findings, key=lambda finding: finding.endpoints)
    for endpoints, findings in groupby(by_calls, key=lambda finding: finding.endpoints):
        console.print(Text("\n".join(map(printable, _limit_names(endpoints))) or "The whole document", style="bold"))
        for finding in findings:
            _print_finding(finding, console)
        console.print()
    console.print(
        Text(printable(report.summary), style=_STYLES[report.findings[0].severity] if report.findings else "green")
    )


def _print_finding(finding: Finding, console: Console) -> None:
    line = Text("  ")
    line.append(f"{finding.severity:<14}", style=_STYLES[finding.severity])
    line.append(printable(finding.message))
    console.print(line)
    where = f"{finding.document}:{finding.line}" if finding.line else finding.document
    details = {
        "at": finding.path,
        "times": str(finding.count) if finding.example is not None or finding.count > 1 else "",
        "example": finding.example or "",
        "affects": ", ".join(_limit_names(finding.affects)),
        "rule": f"{finding.rule} ({where})" if where else finding.rule,
    }
    for name, value in details.items():
        if value:
            console.print(Text(f"{'':16}{name:<9}{printable(value)}", style="dim"))


def _limit_names(names: tuple[str, ...]) -> list[str]:
    shown = [*names[:MAX_NAMES]]
    return [*shown, f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else shown
