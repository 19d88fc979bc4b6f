# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.site import Site
from ...types import Json, Operation, encode_query

_parse: Json[list[Site]] = Json(list[Site])


def list_sites(
    *,
    pad_id: int | None = None,
    pad_pk: int | None = None,
    complete: bool | None = None,
    well_api: str | None = None,
    name_search: str | None = None,
    formation_name: str | None = None,
    pad_name: str | None = None,
    latitude_gte: float | None = None,
    latitude_lte: float | None = None,
    longitude_gte: float | None = None,
    longitude_lte: float | None = None,
    lat: float | None = None,
    long: float | None = None,
    radius_miles: float | None = None,
    fleet_id: int | None = None,
    fleet_name: str | None = None,
) -> Operation[list[Site]]:
    """List the sites.

    The sites that the client may see, narrowed down by the filters given; each filter must hold. A circle is
    given by `lat`, `long` and `radius_miles` together.

    Args:
        pad_id: Id of the pad that the site lies on.
        pad_pk: Id of the pad that the site lies on; means the same as `pad__id`.
        complete: Only those whose completion is finished (true), or only the others (false).
        well_api: API well number, the well's identifier in the United States.
        name_search: Fuzzy search in the name.
        formation_name: Name of the geological formation that the well is completed in.
        pad_name: Name of the pad that the site lies on.
        latitude_gte: Southern edge of a box, degrees north.
        latitude_lte: Northern edge of a box, degrees north.
        longitude_gte: Western edge of a box, degrees east (negative in the Americas).
        longitude_lte: Eastern edge of a box, degrees east (negative in the Americas).
        lat: Centre of a circle, degrees north. Goes with `long` and `radius_miles`.
        long: Centre of a circle, degrees east (negative in the Americas). Goes with `lat` and `radius_miles`.
        radius_miles: Radius of a circle, miles. Goes with `lat` and `long`.
        fleet_id: Id of the frac fleet at work.
        fleet_name: Part of the name of the frac fleet at work, in any case.

    Returns:
        The operation, not yet sent. It answers with the sites.
    """
    return Operation(
        name="list_sites",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/",
        path="/external/thirdparty/v1/sites/",
        parse=_parse,
        query=encode_query(
            {
                "pad__id": pad_id,
                "pad_pk": pad_pk,
                "complete": complete,
                "well_api": well_api,
                "name_search": name_search,
                "formation_name": formation_name,
                "pad_name": pad_name,
                "latitude_gte": latitude_gte,
                "latitude_lte": latitude_lte,
                "longitude_gte": longitude_gte,
                "longitude_lte": longitude_lte,
                "lat": lat,
                "long": long,
                "radius_miles": radius_miles,
                "fleet_id": fleet_id,
                "fleet_name": fleet_name,
            }
        ),
    )
