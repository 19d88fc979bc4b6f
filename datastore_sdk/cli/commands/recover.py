"""`datastore recover`: the file of a live save that was killed."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import OverwriteOption


def recover(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File that `tail -o` or a program was saving to.")],
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="UNFINISHED", help="File with the records; FILE.unfinished by default."),
    ] = None,
    overwrite: OverwriteOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> int:
    """Write the file of a live save that was killed, from the records in FILE.unfinished.

    Then FILE.unfinished is removed. No request is made. With `--from`, FILE can have another name and format.

    Exit status: **0** recovered, **3** no such format, **7** nothing to recover, in use, or not written.

    For example:

        datastore recover shift.parquet

        datastore recover night.csv --from shift.parquet.unfinished
    """
    from datastore_sdk.cli.console import print_message
    from datastore_sdk.cli.download import validate_output
    from datastore_sdk.cli.tables import print_json
    from datastore_sdk.data.saving.recovery import recover as recover_file

    target = validate_output(file, overwrite=True)
    if target.exists() and not overwrite:
        raise CommandError(
            f"{target} exists already; pass another name and --from {source or f'{target}.unfinished'}, or add "
            "--overwrite to replace it",
            ExitStatus.NOT_WRITTEN,
        )
    records = recover_file(target, source, overwrite=overwrite)
    if json:
        print_json({"file": str(target), "records": records})
    else:
        print_message(f"{target}: {records:,} records")
    return ExitStatus.DONE
