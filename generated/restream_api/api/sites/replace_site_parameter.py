# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.parameter import Parameter
from ...models.parameter_replacement import ParameterReplacement
from ...types import Json, Operation, encode_json

_parse: Json[Parameter] = Json(Parameter)


def replace_site_parameter(site_id: int, parameter_id: int, *, body: ParameterReplacement) -> Operation[Parameter]:
    """Replace the definition of a custom stage aggregation.

    Only custom definitions (`type` is `C`) can change; 400 for others.

    Args:
        site_id: Id of the site.
        parameter_id: Id of the definition of a stage aggregation.
        body: The whole new definition.

    Returns:
        The operation, not yet sent. It answers with the definition.
    """
    return Operation(
        name="replace_site_parameter",
        method="PUT",
        endpoint="/external/thirdparty/v1/sites/{site_id}/parameters/{parameter_id}/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/parameters/{parameter_id:d}/",
        parse=_parse,
        headers={"Content-Type": "application/json"},
        content=encode_json(body),
    )
