# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.pad import Pad
from ...types import Json, Operation

_parse: Json[Pad] = Json(Pad)


def get_pad(pad_id: int) -> Operation[Pad]:
    """Get one pad.

    Args:
        pad_id: Id of the pad.

    Returns:
        The operation, not yet sent. It answers with the pad.
    """
    return Operation(
        name="get_pad",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/",
        parse=_parse,
    )
