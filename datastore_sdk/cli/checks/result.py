"""What an examination finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CheckStatus(StrEnum):
    """How something is."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was found out about one thing.

    Attributes:
        check: What was looked at.
        status: How it is.
        message: What was found.
        advice: What to do about it, where something is to be done.
        details: More of it, by name. Nothing in it is secret.
    """

    check: str
    status: CheckStatus
    message: str
    advice: str = ""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


def good(check: str, message: str, **details: Any) -> CheckResult:
    """All is well."""
    return CheckResult(check=check, status=CheckStatus.GOOD, message=message, details=details)


def wrong(check: str, message: str, advice: str) -> CheckResult:
    """Something must be done."""
    return CheckResult(check=check, status=CheckStatus.WRONG, message=message, advice=advice)


def warning(check: str, message: str, advice: str, **details: Any) -> CheckResult:
    """Something should be done."""
    return CheckResult(check=check, status=CheckStatus.WARNING, message=message, advice=advice, details=details)


def skipped(check: str, message: str) -> CheckResult:
    """It could not be looked at."""
    return CheckResult(check=check, status=CheckStatus.SKIPPED, message=message)
