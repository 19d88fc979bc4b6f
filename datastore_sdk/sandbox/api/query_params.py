"""Parser of query parameters that reports all errors together."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from datastore_sdk.sandbox.api.errors import RequestError

_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}


class QueryParams:
    """Parameters of one request. An empty one counts as missing; of a repeated one, the last counts.

    Call `check` after reading all of them: it raises the errors that the readers found.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value:
                self._values.setdefault(name, []).append(value)
        self._errors: dict[str, list[str]] = {}

    def reject(self, name: str, message: str) -> None:
        """Record that a parameter is invalid."""
        self._errors.setdefault(name, []).append(message)

    def check(self) -> None:
        """Raise the errors found so far.

        Raises:
            RequestError: 400 if a parameter is invalid.
        """
        if self._errors:
            raise RequestError(400, self._errors)

    def text(self, name: str) -> str | None:
        """Return a string."""
        values = self._values.get(name)
        return values[-1] if values else None

    def boolean(self, name: str) -> bool | None:
        """Parse `true` or `false`."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            self.reject(name, f'"{value}" is not a valid boolean: true or false.')
        return _BOOLEANS.get(value.lower())

    def integer(self, name: str) -> int | None:
        """Parse an integer."""
        value = self.text(name)
        return None if value is None else self._integer(name, value)

    def integers(self, name: str) -> frozenset[int] | None:
        """Parse integers: joined by commas, the parameter repeated, or both."""
        values = self._values.get(name)
        if values is None:
            return None
        numbers = (self._integer(name, part.strip()) for value in values for part in value.split(","))
        return frozenset(number for number in numbers if number is not None)

    def number(self, name: str) -> float | None:
        """Parse a finite number."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.reject(name, f'"{value}" is not a valid number.')
            return None
        return number

    def names(self, name: str) -> frozenset[str] | None:
        """Parse strings joined by commas."""
        value = self.text(name)
        if value is None:
            return None
        return frozenset(part.strip() for part in value.split(",") if part.strip())

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """Return one of some strings."""
        value = self.text(name)
        if value is not None and value not in choices:
            self.reject(name, f'"{value}" is not a valid choice: {", ".join(choices)}.')
            return None
        return value

    def instant(self, name: str) -> int | None:
        """Parse an ISO 8601 timestamp, UTC by default, into unix seconds."""
        value = self.text(name)
        if value is None:
            return None
        try:
            timestamp = datetime.fromisoformat(value)
            return int((timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            self.reject(name, f'"{value}" is not a valid date and time, such as 2025-09-17T00:00:00Z.')
            return None

    def second(self, name: str) -> int | None:
        """Parse a timestamp `2025-09-09 00:00:00`, UTC, into unix seconds."""
        value = self.text(name)
        if value is None:
            return None
        try:
            timestamp = datetime.fromisoformat(value) if _SECOND.fullmatch(value) else None
        except ValueError:
            timestamp = None
        if timestamp is None:
            self.reject(name, f'"{value}" is not a valid date and time, such as 2025-09-09 00:00:00.')
            return None
        return int(timestamp.replace(tzinfo=UTC).timestamp())

    def _integer(self, name: str, value: str) -> int | None:
        if not _INTEGER.fullmatch(value):
            self.reject(name, f'"{value}" is not a valid integer.')
            return None
        return int(value)
