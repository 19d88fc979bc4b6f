# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...types import Operation, nothing


def delete_pad_parameter(pad_id: int, parameter_id: int) -> Operation[None]:
    """Delete the definition of a custom stage aggregation.

    Only custom definitions (`type` is `C`) can be deleted; 400 for others.

    Args:
        pad_id: Id of the pad.
        parameter_id: Id of the definition of a stage aggregation.

    Returns:
        The operation, not yet sent. It answers with nothing; the definition is gone.
    """
    return Operation(
        name="delete_pad_parameter",
        method="DELETE",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/parameters/{parameter_id}/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/parameters/{parameter_id:d}/",
        parse=nothing,
        success=frozenset({204}),
    )
