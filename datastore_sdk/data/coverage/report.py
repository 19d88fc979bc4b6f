"""How complete downloaded data is: the report of `Data.coverage` and `save(coverage=True)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from datastore_sdk._utils.optional_imports import require_extra

if TYPE_CHECKING:
    import pandas as pd

MIN_GAP = 60
"""Seconds of the shortest gap that is listed by default."""
_MAX_SHOWN = 10
"""Maximum number of gaps that a printed report shows; `gaps` has all."""
_SITE_COLUMNS = ("site", "records", "expected_s", "received_s", "missing_s", "received", "gaps", "longest_gap_s")
_GAP_COLUMNS = ("site", "start", "end", "seconds", "stage_number", "state")


class CoverageGap(Struct, frozen=True, kw_only=True):
    """Consecutive expected seconds without a record."""

    site: int | None
    """Id of the site; None for records without a site."""
    start: datetime
    """The first missing second, UTC."""
    end: datetime
    """The last missing second, UTC, so that `get_data(start, end)` requests the gap."""
    seconds: int
    """Number of missing seconds."""
    stage_number: int | None = None
    """Number of the stage that shares most time with the gap; None if no stage is known."""
    state: str | None = None
    """State of that stage, such as `standby_standby`; None if no stage is known."""


class SiteCoverage(Struct, frozen=True, kw_only=True):
    """Expected and received seconds of one site."""

    site: int | None
    """Id of the site; None for records without a site."""
    records: int
    """Number of records."""
    expected_seconds: int
    """Number of seconds that should have a record. A record of a coarser resolution stands for its whole interval."""
    expected_from: Literal["request", "stages", "records"]
    """Origin of the expected seconds: the requested time range; for a stage filter, the stages within it; or the first
    and last record, if the range is open or the stages are unknown."""
    received_seconds: int
    """Number of expected seconds with a record."""
    first_record: datetime | None
    """Earliest second with a record, UTC."""
    last_record: datetime | None
    """Latest second with a record, UTC."""
    gap_count: int
    """Number of gaps of at least `min_gap` seconds."""
    gaps: tuple[CoverageGap, ...]
    """These gaps in order of time; only the longest 1000 if there are more."""

    @property
    def missing_seconds(self) -> int:
        """Number of expected seconds without a record, gaps shorter than `min_gap` included."""
        return self.expected_seconds - self.received_seconds

    @property
    def fraction(self) -> float | None:
        """Received seconds as a share of the expected ones, 0 to 1; None if none are expected."""
        return self.received_seconds / self.expected_seconds if self.expected_seconds else None

    @property
    def complete(self) -> bool:
        """Whether no gap is listed, and records came if any were expected."""
        if self.gap_count:
            return False
        return self.records > 0 or (self.expected_seconds == 0 and self.expected_from != "records")


class CoverageReport(Struct, frozen=True, kw_only=True):
    """Coverage of downloaded data: seconds and gaps of each site, and requested fields without values.

    `print(report)` shows it as a table, and so do notebooks.
    """

    sites: tuple[SiteCoverage, ...]
    """Coverage of each site that was requested or has records."""
    missing_fields: tuple[str, ...]
    """Requested fields without a value in any record."""
    records: int
    """Number of records."""
    records_without_timestamp: int
    """Number of records without a readable timestamp; they count for no second."""
    resolution_seconds: int
    """Seconds that one record stands for."""
    min_gap: int
    """Seconds of the shortest gap that is listed."""
    queries: tuple[dict[str, Any], ...]
    """The requested data, as arguments of `get_data`."""
    file: str | None = None
    """Name of the file that the records were saved to."""
    file_bytes: int | None = None
    """Size of that file in bytes. If a file has another size, it is not the file of this report."""

    @property
    def complete(self) -> bool:
        """Whether no gap is listed, every site has records, and every requested field has a value."""
        return not self.missing_fields and all(site.complete for site in self.sites)

    @property
    def expected_seconds(self) -> int:
        """Expected seconds of all sites."""
        return sum(site.expected_seconds for site in self.sites)

    @property
    def received_seconds(self) -> int:
        """Received seconds of all sites."""
        return sum(site.received_seconds for site in self.sites)

    @property
    def gaps(self) -> tuple[CoverageGap, ...]:
        """The listed gaps of all sites, site by site."""
        return tuple(gap for site in self.sites for gap in site.gaps)

    @property
    def sites_without_records(self) -> tuple[int | None, ...]:
        """Ids of the requested sites without records."""
        return tuple(site.site for site in self.sites if not site.records and not site.complete)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; datetimes are ISO strings in UTC."""
        values: dict[str, Any] = msgspec.json.decode(self._encode())
        return values

    def to_json(self) -> str:
        """Return the report as JSON text, as `save(coverage=True)` writes it."""
        return msgspec.json.format(self._encode(), indent=2).decode()

    def to_pandas(self, table: Literal["sites", "gaps"] = "sites") -> pd.DataFrame:
        """Return the sites, or the gaps, as a pandas data frame. Needs the extra `pandas`.

        Args:
            table: The sites or the gaps.

        Raises:
            ValueError: `table` is invalid.
            ImportError: pandas is not installed.
        """
        tables = {"sites": (_SITE_COLUMNS, self._site_rows()), "gaps": (_GAP_COLUMNS, self._gap_rows())}
        if table not in tables:
            raise ValueError(f"table must be 'sites' or 'gaps', not {table!r}")
        require_extra("pandas", extra="pandas")
        import pandas as pd

        columns, rows = tables[table]
        return pd.DataFrame([*rows], columns=[*columns])

    def summary(self) -> str:
        """Return the report in one line, as `save(coverage=True)` logs it."""
        expected, received = self.expected_seconds, self.received_seconds
        share = f" ({_format_percent(received / expected)})" if expected else ""
        count = sum(site.gap_count for site in self.sites)
        parts = [
            "complete" if self.complete else "incomplete",
            f"{received:,} of {expected:,} seconds{share}",
            f"{count:,} gaps of {self.min_gap} s or more",
        ]
        if longest := max(self.gaps, key=lambda gap: gap.seconds, default=None):
            state = f" in {longest.state}" if longest.state else ""
            parts.append(f"the longest {longest.seconds:,} s from {longest.start:%Y-%m-%d %H:%M:%S} UTC{state}")
        if self.sites_without_records:
            names = ["the pad" if site is None else f"site {site}" for site in self.sites_without_records]
            parts.append(f"no records of {', '.join(names)}")
        if self.missing_fields:
            parts.append(f"fields without values: {', '.join(self.missing_fields)}")
        return "; ".join(parts)

    def __str__(self) -> str:
        blocks = [self.summary(), *_align_columns(_SITE_COLUMNS, self._site_rows())]
        if self.gaps:
            blocks += ["", *_align_columns(_GAP_COLUMNS, self._gap_rows(self._longest_gaps()))]
            blocks += self._more_gaps()
        return "\n".join(blocks)

    def _repr_html_(self) -> str:
        from html import escape  # only notebooks need it

        tables = [_format_html(_SITE_COLUMNS, self._site_rows())]
        if self.gaps:
            tables.append(_format_html(_GAP_COLUMNS, self._gap_rows(self._longest_gaps())))
        return f"<p>{escape(self.summary())}</p>{''.join(tables)}{''.join(f'<p>{m}</p>' for m in self._more_gaps())}"

    def _encode(self) -> bytes:
        summary = {"complete": self.complete, "expected_seconds": self.expected_seconds}
        own = {name: getattr(self, name) for name in self.__struct_fields__}
        return msgspec.json.encode({**summary, "received_seconds": self.received_seconds, **own})

    def _longest_gaps(self) -> list[CoverageGap]:
        return sorted(self.gaps, key=lambda gap: -gap.seconds)[:_MAX_SHOWN]

    def _more_gaps(self) -> list[str]:
        more = sum(site.gap_count for site in self.sites) - _MAX_SHOWN
        return [f"and {more:,} shorter gaps"] if more > 0 else []

    def _site_rows(self) -> Iterator[tuple[Any, ...]]:
        for site in self.sites:
            longest = max((gap.seconds for gap in site.gaps), default=0)
            seconds = (site.expected_seconds, site.received_seconds, site.missing_seconds)
            yield site.site, site.records, *seconds, site.fraction, site.gap_count, longest

    def _gap_rows(self, gaps: Sequence[CoverageGap] | None = None) -> Iterator[tuple[Any, ...]]:
        for gap in self.gaps if gaps is None else gaps:
            yield gap.site, gap.start, gap.end, gap.seconds, gap.stage_number, gap.state


def _format_cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return _format_percent(value)
        case int():
            return str(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return str(value)


def _format_percent(share: float) -> str:
    """Return a share in percent, rounded down: only 1.0 is 100 %."""
    return f"{int(share * 10_000) / 100:.2f} %"


def _align_columns(columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    table = [[*columns], *([*map(_format_cell, row)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table)


def _format_html(columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> str:
    from html import escape  # only notebooks need it

    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(_format_cell(value))}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
