"""Views of a mirror, as SQL: one row a second, records with their stage, the latest records, coverage by day."""

from __future__ import annotations

from collections.abc import Sequence

_STAGE = {"stage_id": "id", "stage_number": "stage_number", "stage_state": "state"}
"""Columns of a record's stage, by their name in the view."""


def build_views(fields: Sequence[str], *, has_asof: bool) -> dict[str, str]:
    """Return the queries of the views by name. New columns come last, so that views of the user can stay.

    Args:
        fields: Columns of `records`, besides the first three and `extra`.
        has_asof: Whether the database knows ASOF joins.
    """
    quoted = ['"' + name.replace('"', '""') + '"' for name in fields]
    merged = "".join(f", max(r.{name}) as {name}" for name in quoted)
    by_second = f'select r.site_id, r."timestamp", count(*) as number_of_records{merged} from records r'
    return {
        "records_by_second": f'{by_second} group by r.site_id, r."timestamp"',
        "records_with_stage": _join_stages_asof() if has_asof else _join_stages_lateral(),
        "coverage": (
            "select site_id, cast(\"timestamp\" at time zone 'UTC' as date) as day, count(*) as number_of_records,"
            ' count(distinct "timestamp") as seconds_with_records, min("timestamp") as first, max("timestamp") as last'
            " from records group by 1, 2"
        ),
        "latest_records": (
            f'{by_second} join (select site_id, max("timestamp") as latest from records group by site_id) l'
            ' on l.site_id = r.site_id and l.latest = r."timestamp" group by r.site_id, r."timestamp"'
        ),
    }


def _join_stages_asof() -> str:
    is_within = 's.end_date is null or r."timestamp" < s.end_date'
    columns = ", ".join(f"case when {is_within} then s.{column} end as {name}" for name, column in _STAGE.items())
    return (
        f"select {columns}, r.* from records r asof left join stages s"
        ' on r.site_id = s.site_id and r."timestamp" >= s.start_date'
    )


def _join_stages_lateral() -> str:
    columns = ", ".join(f"s.{column} as {name}" for name, column in _STAGE.items())
    return (
        f"select {columns}, r.* from records r left join lateral ("
        'select * from stages t where t.site_id = r.site_id and t.start_date <= r."timestamp"'
        ' and (t.end_date is null or t.end_date > r."timestamp") order by t.start_date desc limit 1) s on true'
    )
