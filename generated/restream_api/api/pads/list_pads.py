# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.pad import Pad
from ...types import Json, Operation, encode_query

_parse: Json[list[Pad]] = Json(list[Pad])


def list_pads(
    *,
    complete: bool | None = None,
    well_api: str | None = None,
    site_pk: int | None = None,
    name_search: str | None = None,
    fleet_id: int | None = None,
    fleet_name: str | None = None,
) -> Operation[list[Pad]]:
    """List the pads.

    The pads that the client may see, narrowed down by the filters given; each filter must hold.

    Args:
        complete: Only those whose completion is finished (true), or only the others (false).
        well_api: API well number, the well's identifier in the United States.
        site_pk: Id of a site on the pad.
        name_search: Fuzzy search in the name.
        fleet_id: Id of the frac fleet at work.
        fleet_name: Part of the name of the frac fleet at work, in any case.

    Returns:
        The operation, not yet sent. It answers with the pads.
    """
    return Operation(
        name="list_pads",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/",
        path="/external/thirdparty/v1/pads/",
        parse=_parse,
        query=encode_query(
            {
                "complete": complete,
                "well_api": well_api,
                "site_pk": site_pk,
                "name_search": name_search,
                "fleet_id": fleet_id,
                "fleet_name": fleet_name,
            }
        ),
    )
