"""`datastore pads`: list pads, or show one."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.completion import complete_pads, complete_sites
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import JsonOption, ProfileOption, ZoneOption


def pads(
    pad: Annotated[
        int | None, typer.Argument(help="Id of one pad, to show all of it.", autocompletion=complete_pads)
    ] = None,
    *,
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="Only pads with a finished completion, or the others."),
    ] = None,
    search: Annotated[str | None, typer.Option(help="Fuzzy search in the name.")] = None,
    site: Annotated[int | None, typer.Option(help="Only the pad of this site.", autocompletion=complete_sites)] = None,
    well_api: Annotated[str | None, typer.Option(help="API number of a well on the pad.")] = None,
    fleet: Annotated[str | None, typer.Option(help="Part of the name of the frac fleet.")] = None,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """List pads, or show one.

    `--json` prints one JSON array, or one object.

    For example:

        datastore pads --no-complete

        datastore pads 681 --json
    """
    from datastore_sdk import Pad
    from datastore_sdk.cli.assets import display_zone, explain_not_found, open_client, resolve_zone
    from datastore_sdk.cli.tables import Column, print_object, print_rows

    with open_client(profile) as client:
        zone = display_zone(resolve_zone(tz, None, client))
        if pad is not None:
            with explain_not_found(Pad(pad, client=client), client, "show it with: datastore {kind}s {id}"):
                print_object(Pad.get_model(id=pad, client=client, as_dict=True), json=json)
            return ExitStatus.DONE
        found = Pad.get_models(
            client=client,
            as_dict=True,
            complete=complete,
            name_search=search,
            site_pk=site,
            well_api=well_api,
            fleet_name=fleet,
        )
    columns = [
        Column("id", "id"),
        Column("name", "name"),
        Column("customer", "customer_name"),
        Column("lease", "lease_name"),
        Column("completed", "completion_date", is_time=True),
    ]
    print_rows(found, columns, json=json, zone=zone, nothing="no pads; try it with fewer options")
    return ExitStatus.DONE
