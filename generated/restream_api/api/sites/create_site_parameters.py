# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.new_parameter import NewParameter
from ...models.parameter import Parameter
from ...models.parameters_valid import ParametersValid
from ...types import Json, Operation, encode_json, encode_query

_parse: Json[ParametersValid | list[Parameter]] = Json(ParametersValid | list[Parameter])


def create_site_parameters(
    site_id: int, *, body: list[NewParameter], validate_only: bool | None = None
) -> Operation[ParametersValid | list[Parameter]]:
    """Define stage aggregations for a site.

    Creates custom definitions, or only checks them with `validate_only`. Not idempotent: sent twice, it creates
    twice or fails.

    Args:
        site_id: Id of the site.
        body: The definitions to create.
        validate_only: Only check the definitions; save nothing.

    Returns:
        The operation, not yet sent. It answers with the word that the definitions are valid; nothing is saved, or
        the created definitions.
    """
    return Operation(
        name="create_site_parameters",
        method="POST",
        endpoint="/external/thirdparty/v1/sites/{site_id}/parameters/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/parameters/",
        parse=_parse,
        query=encode_query({"validate_only": validate_only}),
        headers={"Content-Type": "application/json"},
        content=encode_json(body),
        success=frozenset({200, 201}),
        idempotent=False,
    )
