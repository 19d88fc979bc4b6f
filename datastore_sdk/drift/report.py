"""What a check found, whatever it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """What a finding means to programs that use the SDK."""

    BREAKING = "breaking"
    """Programs, or the SDK under them, fail."""
    COMPATIBLE = "compatible"
    """Programs go on as before."""
    DOCUMENTATION = "documentation"
    """Only words changed."""


class ReportStatus(IntEnum):
    """The exit status of a check."""

    NO_DRIFT = 0
    """Nothing was found."""
    DRIFT = 1
    """Something was found, none of it breaking."""
    BREAKING_DRIFT = 2
    """Something breaking was found."""
    COULD_NOT_RUN = 3
    """The check could not be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference."""

    rule: str
    """Id of the rule, such as `response-property-removed`."""
    severity: Severity
    """What it means to programs."""
    message: str
    """One sentence for people."""
    endpoints: tuple[str, ...] = ()
    """The calls that it concerns: `GET /external/thirdparty/v1/pads/`."""
    touches: tuple[str, ...] = ()
    """Public names of the SDK that it concerns: `Pad.name`, `Pad.get_models()`."""
    document: str = ""
    """The file or URL that it is to be shown in."""
    pointer: str = ""
    """Where in the document: a JSON pointer."""
    line: int | None = None
    """The line of the document, where it is known."""
    path: str = ""
    """Where in an answer, as a JSON pointer with `[]` for every index of an array."""
    example: str | None = None
    """A value that was met, without what may be secret or personal."""
    count: int = 1
    """How often it was met."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check."""

    subject: str
    """What was held against what, for people."""
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])
    """What was found."""

    def count(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def status(self) -> ReportStatus:
        """The exit status."""
        if self.count(Severity.BREAKING):
            return ReportStatus.BREAKING_DRIFT
        return ReportStatus.DRIFT if self.findings else ReportStatus.NO_DRIFT

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        if not self.findings:
            return f"{self.subject}: no drift"
        counts = ", ".join(f"{self.count(severity)} {severity}" for severity in Severity if self.count(severity))
        return f"{self.subject}: {counts}"
