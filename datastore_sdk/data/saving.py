"""Saves the records of queries to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from datastore_sdk.checks import checked_flag
from datastore_sdk.data.descriptions import descriptions
from datastore_sdk.data.displays import display_for
from datastore_sdk.data.download import Download
from datastore_sdk.data.files import checked_target
from datastore_sdk.data.formats import writer_for
from datastore_sdk.data.progress import Meter, NotShown, Show
from datastore_sdk.data.query import KEYS, DataQuery, columns_of
from datastore_sdk.data.stream import batches
from datastore_sdk.data.writing import written
from datastore_sdk.transport.calls.exchange import Exchange
from datastore_sdk.transport.effects import Steps


def saving(
    exchange: Exchange,
    queries: Sequence[DataQuery],
    path: str | os.PathLike[str],
    download: Download,
    *,
    overwrite: bool,
    resume: bool,
    progress: bool | Show,
) -> Steps[None]:
    """Writes all records to a file, in the format of its suffix.

    Everything that can be wrong with the path is found before the first request.

    Args:
        exchange: Whom to ask.
        queries: What to ask.
        path: Where to write.
        download: What counts the records.
        overwrite: Whether a file that exists may be replaced.
        resume: Whether to go on from what an earlier run has left, and to leave something to go on from.
        progress: Whether progress is shown, or what is told of it.
    """
    target = checked_target(path, overwrite=overwrite)
    checked_flag(resume, "resume")
    kind = writer_for(target)
    try:
        with display_for(progress) as show:
            meter = Meter(download, queries, exchange.clock, show) if show else None
            if resume:
                from datastore_sdk.data.keeping import kept  # here, for few need it

                yield from kept(exchange, queries, target, kind, download, overwrite=overwrite)
            else:
                download.hand_over(0, None)
                described = partial(descriptions, exchange, queries)
                emitted = partial(batches, exchange, queries, download)
                columns = columns_of(queries)
                yield from written(
                    target, kind, emitted, described, columns=columns, otherwise=KEYS, overwrite=overwrite
                )
            if meter:
                meter.finish()
    except NotShown as failed:
        raise failed.error from failed.error.__cause__
