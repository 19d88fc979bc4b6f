# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.field import Field
from ...types import Json, Operation

_parse: Json[list[Field]] = Json(list[Field])


def list_pad_fields(pad_id: int) -> Operation[list[Field]]:
    """List the data fields of a pad.

    The fields that records of `/data/` can have, with labels, units and plot settings. A name can be listed
    twice.

    Args:
        pad_id: Id of the pad.

    Returns:
        The operation, not yet sent. It answers with the fields.
    """
    return Operation(
        name="list_pad_fields",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/fields/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/fields/",
        parse=_parse,
    )
