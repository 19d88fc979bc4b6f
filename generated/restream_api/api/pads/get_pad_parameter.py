# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.parameter import Parameter
from ...types import Json, Operation

_parse: Json[Parameter] = Json(Parameter)


def get_pad_parameter(pad_id: int, parameter_id: int) -> Operation[Parameter]:
    """Get the definition of one stage aggregation.

    Args:
        pad_id: Id of the pad.
        parameter_id: Id of the definition of a stage aggregation.

    Returns:
        The operation, not yet sent. It answers with the definition.
    """
    return Operation(
        name="get_pad_parameter",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/parameters/{parameter_id}/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/parameters/{parameter_id:d}/",
        parse=_parse,
    )
