"""Reports: findings with their severity, and the exit status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """Effect of a finding on programs that use the SDK."""

    BREAKING = "breaking"
    """Programs, or the SDK under them, fail."""
    COMPATIBLE = "compatible"
    """Programs work as before."""
    DOCUMENTATION = "documentation"
    """Only descriptions changed."""


class ReportStatus(IntEnum):
    """Exit status of a check."""

    NO_DRIFT = 0
    """No findings."""
    DRIFT = 1
    """Findings, none of them breaking."""
    BREAKING_DRIFT = 2
    """At least one breaking finding."""
    COULD_NOT_RUN = 3
    """The check could not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference."""

    rule: str
    """Id of the rule, such as `response-property-removed`."""
    severity: Severity
    """Effect on programs."""
    message: str
    """One sentence for readers."""
    endpoints: tuple[str, ...] = ()
    """The affected endpoints: `GET /external/thirdparty/v1/pads/`."""
    affects: tuple[str, ...] = ()
    """The affected public names of the SDK: `Pad.name`, `Pad.get_models()`."""
    document: str = ""
    """The file or URL of the OpenAPI document."""
    pointer: str = ""
    """JSON pointer into the document."""
    line: int | None = None
    """Line in the document, if known."""
    path: str = ""
    """JSON pointer into the response body, with `[]` for every array index."""
    example: str | None = None
    """A value from the traffic, redacted."""
    count: int = 1
    """Number of occurrences."""


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a check."""

    subject: str
    """The compared documents or calls, for readers."""
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])
    """The findings."""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def status(self) -> ReportStatus:
        """The exit status."""
        if self.count(Severity.BREAKING):
            return ReportStatus.BREAKING_DRIFT
        return ReportStatus.DRIFT if self.findings else ReportStatus.NO_DRIFT

    @property
    def summary(self) -> str:
        """The result in one line."""
        if not self.findings:
            return f"{self.subject}: no drift"
        counts = ", ".join(f"{self.count(severity)} {severity}" for severity in Severity if self.count(severity))
        return f"{self.subject}: {counts}"
