"""Results of checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CheckStatus(StrEnum):
    """Status of a check."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Result of a check.

    Attributes:
        check: Name of the check.
        status: Its status.
        message: The result in words.
        advice: What to do about a problem.
        details: Further values by name, without secrets.
    """

    check: str
    status: CheckStatus
    message: str
    advice: str = ""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


def good(check: str, message: str, **details: Any) -> CheckResult:
    """Return the result of a check that passed."""
    return CheckResult(check=check, status=CheckStatus.GOOD, message=message, details=details)


def wrong(check: str, message: str, advice: str) -> CheckResult:
    """Return the result of a check that failed."""
    return CheckResult(check=check, status=CheckStatus.WRONG, message=message, advice=advice)


def warning(check: str, message: str, advice: str, **details: Any) -> CheckResult:
    """Return the result of a check that passed with a warning."""
    return CheckResult(check=check, status=CheckStatus.WARNING, message=message, advice=advice, details=details)


def skip(check: str, message: str) -> CheckResult:
    """Return the result of a check that could not run."""
    return CheckResult(check=check, status=CheckStatus.SKIPPED, message=message)
