"""Restream as a source of dlt pipelines (extra `dlt`).

import dlt
from datastore_sdk.dlt import restream

pipeline = dlt.pipeline("field", destination="duckdb", dataset_name="field")
pipeline.run(restream(pad=668, since=timedelta(days=7)))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.client import Client, client_for
from datastore_sdk.entities import Pad, Site
from datastore_sdk.mirror.mirror import OVERLAP, REFRESH, validate_duration

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["restream"]


def restream(
    *,
    pad: int | Pad | Sequence[int | Pad] = (),
    site: int | Site | Sequence[int | Site] = (),
    since: timedelta | datetime | str,
    fields: str | Sequence[str] | None = None,
    si_units: bool = False,
    auth_token: str | None = None,
    client: Client | None = None,
    acknowledge: bool = True,
    overlap: timedelta = OVERLAP,
    refresh: timedelta = REFRESH,
    accept_credential: bool = False,
) -> DltSource:
    """Return a dlt source that keeps pads and sites true in the dataset of a pipeline.

    Each run of the pipeline reads new records, and the intervals of data changes, and replaces them. Resources: `pads`,
    `sites`, `stages`, `states`, `fields`, and `records`, which also fills the tables `data_changes` and `mirror_*`.

    A data change is acknowledged by the run after the one that loaded it, and only if dlt has completed that load.
    docs/mirror.md has the tables and the reasons.

    Args:
        pad: Pads with all their sites, or their ids.
        site: Single sites, or their ids.
        since: How far to go back from now, or a time (with time zone, or ISO 8601 text). Only an earlier one than that
            of former runs makes a difference.
        fields: Names of the fields. Default: all fields that you have access to.
        si_units: True: SI units.
        auth_token: Token from Tally. Default: the credentials of the environment.
        client: Client for all calls, instead of a token.
        acknowledge: Whether to acknowledge data changes. False: a follower, as for `Mirror`.
        overlap: How far before the last record each run reads again, for records that come late.
        refresh: How often to read pads, sites and stages again, and to list acknowledged data changes too.
        accept_credential: Whether a dataset that was filled with another credential is accepted.

    Raises:
        TypeError: An argument has the wrong type, or there is neither a pad nor a site.
        ValueError: An argument is invalid.
        ImportError: The extra `dlt` is not installed.
    """
    require_extra("dlt", "pyarrow", extra="dlt")
    from datastore_sdk.dlt.source import SourceOptions, build_source

    client = client_for(auth_token, client)
    del auth_token
    items: list[Pad | Site] = [
        *(item if isinstance(item, Pad) else Pad(item, client=client) for item in _to_list(pad)),
        *(item if isinstance(item, Site) else Site(item, client=client) for item in _to_list(site)),
    ]
    if not items:
        raise TypeError("restream() needs a pad or a site: restream(pad=668, since=...)")
    options = SourceOptions(
        items=items,
        since=since,
        fields=fields,
        si_units=validate_flag(si_units, "si_units"),
        acknowledge=validate_flag(acknowledge, "acknowledge"),
        overlap=validate_duration(overlap, "overlap"),
        refresh=validate_duration(refresh, "refresh"),
        accept_credential=validate_flag(accept_credential, "accept_credential"),
    )
    return build_source(client, options)


def _to_list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
