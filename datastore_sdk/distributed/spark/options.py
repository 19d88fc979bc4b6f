"""Options of the data sources, which Spark passes as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from datastore_sdk._utils.validation import validate_datetime, validate_known
from datastore_sdk.data.schema import Schema
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.wells import Wells
from datastore_sdk.entities import Pad, Site

_WELLS = ("sites", "pad", "fleet_id", "fleet_name")
_FORM = ("fields", "resolution", "aggregation")
_CREDENTIALS = ("auth_token", "client_id", "client_secret", "token", "apikey", "password")
KNOWN = (*_WELLS, "start", "end", *_FORM, "si_units", "seconds", "profile", "pushdown", "lag", "max_seconds")
"""Names of all options."""


class SparkOptions:
    """Validated options of a data source.

    Raises:
        TypeError: An option does not exist.
        ValueError: An option is invalid, missing, or a credential.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in options.items()}
        if secret := next((name for name in _CREDENTIALS if name in self._values), None):
            raise ValueError(
                f"{secret} cannot be an option, since Spark shows options in plans and logs: set TALLY_AUTH_TOKEN for "
                "the driver and the executors (spark.executorEnv.TALLY_AUTH_TOKEN), or pass the name of a profile"
            )
        validate_known(self._values, KNOWN, "an option of the data source")
        self.si_units = self.flag("si_units")
        self.profile = self._values.get("profile")

    def plan(self, schema: Schema | None, start: datetime, end: datetime) -> Plan:
        """Return the plan of a time range."""
        form: dict[str, Any] = {name: self._values[name] for name in _FORM if name in self._values}
        return Plan.of(
            self.wells(),
            start,
            end,
            si_units=self.si_units,
            seconds=self.number("seconds", 21_600),
            profile=self.profile,
            schema=schema,
            **form,
        )

    def wells(self) -> Wells:
        """Return the wells."""
        wells = [name for name in _WELLS if name in self._values]
        if len(wells) != 1:
            raise ValueError(f"pass one of the options {', '.join(_WELLS)}; passed: {', '.join(wells) or 'none'}")
        (name,) = wells
        if name == "sites":
            return [Site(id=_parse_int(name, item)) for item in self._values[name].split(",")]
        if name == "pad":
            return Pad(id=self.number(name, 0))
        return {"fleet_id": self.number(name, 0)} if name == "fleet_id" else {"fleet_name": self._values[name]}

    def parse_time(self, name: str) -> datetime | None:
        """Return a time; None if it was not passed."""
        return validate_datetime(self._values.get(name), name)

    def parse_required_time(self, name: str) -> datetime:
        """Return a time that must be passed."""
        if (value := self.parse_time(name)) is None:
            raise ValueError(f"the option {name} is missing; pass ISO 8601 text, such as '2025-09-17T06:00:00Z'")
        return value

    def number(self, name: str, default: int) -> int:
        """Return a number that is not negative."""
        return _parse_int(name, self._values[name]) if name in self._values else default

    def flag(self, name: str) -> bool:
        """Return a flag; False if it was not passed."""
        value = self._values.get(name, "false").lower()
        if value not in {"true", "false"}:
            raise ValueError(f"the option {name} must be true or false, not {value!r}")
        return value == "true"


def _parse_int(name: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"the option {name} must be a number, or numbers joined by commas for sites, not {text!r}")
    return int(text)
