"""`datastore get`: save or stream time-series data."""

from __future__ import annotations

from datastore_sdk.cli.get_options import GetOptions
from datastore_sdk.cli.options import take_options


@take_options(GetOptions)
def get(options: GetOptions) -> int:
    """Save time-series data to a file, or stream it.

    The file appears when it is complete. After Ctrl-C, SIGTERM, SIGHUP or a failure, 1-second records are kept beside
    it, and `--resume` continues. `--json` prints one JSON object with the summary or the estimate; `-o -` streams
    NDJSON.

    Exit status: **0** saved, **1** no records, **3** wrong arguments, **4** no access, **5** not found, **6** service
    failed, **7** file not written, **130** Ctrl-C, **143** SIGTERM, **129** SIGHUP.

    For example:

        datastore get --site 981 --since 24h --fields slurry_rate,proppant_conc -o day.parquet

        datastore get --pad 681 --routed --from yesterday --to yesterday --tz site -o day.csv.gz --dry-run

        datastore get --site 981 --stage 2 -o - | head -1
    """
    from datastore_sdk.cli.get_records import get_records  # slow to import

    return get_records(options)
