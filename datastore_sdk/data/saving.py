"""Saves the records of queries to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from datastore_sdk.data.descriptions import descriptions
from datastore_sdk.data.files import checked_target, replacing
from datastore_sdk.data.formats import writer_for
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.stream import batches
from datastore_sdk.transport.effects import Block, Steps, into
from datastore_sdk.transport.exchange import Exchange


def saving(
    exchange: Exchange, queries: Sequence[DataQuery], path: str | os.PathLike[str], *, overwrite: bool
) -> Steps[None]:
    """Writes all records to a file, in the format of its suffix.

    Everything that can be wrong with the path is found before the first request.
    """
    target = checked_target(path, overwrite=overwrite)
    kind = writer_for(target)
    with ExitStack() as stack:
        file = stack.enter_context(replacing(target, overwrite=overwrite))
        writer = stack.enter_context(kind(file))
        if writer.descriptive:
            writer.describe((yield from descriptions(exchange, queries)))
        yield from into(writer.write, batches(exchange, queries, writer.form))
        yield from Block(writer.finish)
        yield from Block(stack.close)  # syncs to disk
