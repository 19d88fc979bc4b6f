"""Reports for people, in colour on a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.text import Text

from datastore_sdk.drift.report import Finding, Report, Severity

_STYLES = {Severity.BREAKING: "bold red", Severity.COMPATIBLE: "yellow", Severity.DOCUMENTATION: "cyan"}
MOST_NAMES = 6
"""How many calls, or names of the SDK, are listed before the rest is counted."""
_PLAIN_WIDTH = 1000
"""The width where there is no terminal, so that no line breaks and `grep` finds what it looks for."""


def print_report(report: Report, stream: TextIO) -> None:
    """Writes the findings by call, what breaks first, and the outcome in a last line."""
    console = console_for(stream)
    by_calls = sorted(report.findings, key=lambda finding: finding.endpoints)
    for endpoints, findings in groupby(by_calls, key=lambda finding: finding.endpoints):
        console.print(Text("\n".join(map(printable, _few(endpoints))) or "The whole contract", style="bold"))
        for finding in findings:
            _print_finding(finding, console)
        console.print()
    console.print(
        Text(printable(report.summary), style=_STYLES[report.findings[0].severity] if report.findings else "green")
    )


def console_for(stream: TextIO) -> Console:
    """Where to write to a stream, in colour on a terminal."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=_PLAIN_WIDTH)


def printable(text: str) -> str:
    """Text in which what could steer a terminal, or begin a line, is escaped: some of it is out of documents."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


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
        "touches": ", ".join(_few(finding.touches)),
        "rule": f"{finding.rule} ({where})" if where else finding.rule,
    }
    for name, value in details.items():
        if value:
            console.print(Text(f"{'':16}{name:<9}{printable(value)}", style="dim"))


def _few(names: tuple[str, ...]) -> list[str]:
    shown = [*names[:MOST_NAMES]]
    return [*shown, f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else shown
