"""`datastore watch`: live view of wells in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import AnyFieldOption, PadOption, ProfileOption, SiOption, SiteOption, ZoneOption

DEFAULT_FIELDS = "surface_treating_pressure,slurry_rate,proppant_conc"


def watch(
    *,
    pad: PadOption = None,
    site: SiteOption = None,
    fields: Annotated[
        str, typer.Option(metavar="NAMES", help="Fields, joined by commas.", show_default=False)
    ] = DEFAULT_FIELDS,
    si: SiOption = False,
    any_field: AnyFieldOption = False,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
) -> int:
    """Watch wells live in the terminal: state, stage, pressure, rate and concentration, with the last 15 minutes.

    Each curve has its current value on the left, and the lowest and highest value of the 15 minutes on the right. After
    a broken connection it reconnects and fetches what it missed; lost seconds are shown as a gap. **q** quits, the
    arrow keys scroll if there are more wells than lines. For records as JSON lines, use `datastore tail`.

    Exit status: **0** quit, **129** the terminal was closed, **130** Ctrl-C, **143** SIGTERM.

    For example:

        datastore watch --pad 681

        datastore watch --site 981 --fields surface_treating_pressure,slurry_rate --tz site
    """
    from datastore_sdk.cli.watch.setup import watch_asset

    watch_asset(pad, site, fields, si=si, any_field=any_field, tz=tz, profile=profile)
    return ExitStatus.DONE
