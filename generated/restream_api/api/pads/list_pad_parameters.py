# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.parameter import Parameter
from ...types import Json, Operation

_parse: Json[list[Parameter]] = Json(list[Parameter])


def list_pad_parameters(pad_id: int) -> Operation[list[Parameter]]:
    """List the definitions of the stage aggregations of a pad.

    Args:
        pad_id: Id of the pad.

    Returns:
        The operation, not yet sent. It answers with the definitions.
    """
    return Operation(
        name="list_pad_parameters",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/parameters/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/parameters/",
        parse=_parse,
    )
