# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.field import Field
from ...types import Json, Operation

_parse: Json[list[Field]] = Json(list[Field])


def list_site_fields(site_id: int) -> Operation[list[Field]]:
    """List the data fields of a site.

    The fields that records of `/data/` can have, with labels, units and plot settings. A name can be listed
    twice.

    Args:
        site_id: Id of the site.

    Returns:
        The operation, not yet sent. It answers with the fields.
    """
    return Operation(
        name="list_site_fields",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/fields/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/fields/",
        parse=_parse,
    )
