"""Reads query parameters, and says of all that are wrong what is wrong with them."""

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


class Query:
    """The parameters of one request. One that is empty counts as not given; of one given twice, the last counts.

    Call `check` when all were read: it raises what the readers found.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value:
                self._values.setdefault(name, []).append(value)
        self._errors: dict[str, list[str]] = {}

    def reject(self, name: str, message: str) -> None:
        """Notes that a parameter is wrong."""
        self._errors.setdefault(name, []).append(message)

    def check(self) -> None:
        """Ends the reading.

        Raises:
            RequestError: 400 when a parameter was wrong.
        """
        if self._errors:
            raise RequestError(400, self._errors)

    def text(self, name: str) -> str | None:
        """A string."""
        values = self._values.get(name)
        return values[-1] if values else None

    def boolean(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            self.reject(name, f'"{value}" is not a valid boolean: true or false.')
        return _BOOLEANS.get(value.lower())

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        return None if value is None else self._integer(name, value)

    def integers(self, name: str) -> frozenset[int] | None:
        """Whole numbers: joined by commas, the parameter repeated, or both."""
        values = self._values.get(name)
        if values is None:
            return None
        numbers = (self._integer(name, part.strip()) for value in values for part in value.split(","))
        return frozenset(number for number in numbers if number is not None)

    def number(self, name: str) -> float | None:
        """A finite number."""
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
        """Strings joined by commas."""
        value = self.text(name)
        if value is None:
            return None
        return frozenset(part.strip() for part in value.split(",") if part.strip())

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of some strings."""
        value = self.text(name)
        if value is not None and value not in choices:
            self.reject(name, f'"{value}" is not a valid choice: {", ".join(choices)}.')
            return None
        return value

    def instant(self, name: str) -> int | None:
        """A moment as ISO 8601 writes it, UTC unless it says otherwise; unix seconds."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            self.reject(name, f'"{value}" is not a valid date and time, such as 2025-09-17T00:00:00Z.')
            return None

    def second(self, name: str) -> int | None:
        """A moment written as `2025-09-09 00:00:00`, UTC; unix seconds."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if _SECOND.fullmatch(value) else None
        except ValueError:
            moment = None
        if moment is None:
            self.reject(name, f'"{value}" is not a valid date and time, such as 2025-09-09 00:00:00.')
            return None
        return int(moment.replace(tzinfo=UTC).timestamp())

    def _integer(self, name: str, value: str) -> int | None:
        if not _INTEGER.fullmatch(value):
            self.reject(name, f'"{value}" is not a valid integer.')
            return None
        return int(value)
