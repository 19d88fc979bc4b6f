"""`datastore states`: current operations of wells."""

from __future__ import annotations

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import JsonOption, PadOption, ProfileOption, SiteOption, StateOption, ZoneOption


def states(
    *,
    pad: PadOption = None,
    site: SiteOption = None,
    state: StateOption = None,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Show what wells are doing now: of a pad, one well, or all that are configured for it.

    `--json` prints one JSON array.

    For example:

        datastore states --state frac

        datastore states --pad 681 --tz site
    """
    from datastore_sdk import Pad, Site, State
    from datastore_sdk.cli.assets import (
        describe,
        display_zone,
        explain_not_found,
        open_client,
        resolve_zone,
        validate_choice,
        validate_exists,
    )
    from datastore_sdk.cli.tables import Column, print_rows

    if pad is not None or site is not None:
        validate_choice(pad, site)
    with open_client(profile) as client:
        asset = Pad(pad, client=client) if pad else Site(site, client=client) if site else None
        zone = display_zone(resolve_zone(tz, asset, client))
        found = State.get_models(client=client, as_dict=True, pad_id=pad, site_id=site, stage_name_filter=state)
        if asset is not None and not found:
            with explain_not_found(asset, client):
                validate_exists(asset, client)
    columns = [
        Column("site", "site.id"),
        Column("name", "site_name"),
        Column("state", "current_state"),
        Column("stage", "calculated_stage_number"),
        Column("since", "last_state_update", is_time=True),
    ]
    whose = f"{describe(asset)} has" if asset is not None else "there is"
    nothing = f"{whose} no {f'{state} ' if state else ''}state; only wells that are configured for it have one"
    print_rows(found, columns, json=json, zone=zone, nothing=nothing)
    return ExitStatus.DONE
