"""`datastore watch`: live view of wells in the terminal."""

from __future__ import annotations

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import take_options
from datastore_sdk.cli.watch.options import WatchOptions


@take_options(WatchOptions)
def watch(options: WatchOptions) -> int:
    """Watch wells live in the terminal: state, stage, pressure, rate and concentration, with the last 15 minutes.

    Each curve has its current value on the left, and the lowest and highest value of the 15 minutes on the right. After
    a broken connection it reconnects and fetches what it missed; lost seconds are shown as a gap. **q** quits, the
    arrow keys scroll if there are more wells than lines. For records as JSON lines, use `datastore tail`.

    Exit status: **0** quit, **129** the terminal was closed, **130** Ctrl-C, **143** SIGTERM.

    For example:

        datastore watch --pad 681

        datastore watch --site 981 --fields surface_treating_pressure,slurry_rate --tz site
    """
    from datastore_sdk.cli.watch.setup import watch_asset  # slow to import

    watch_asset(options)
    return ExitStatus.DONE
