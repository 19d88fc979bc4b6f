# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.state import State
from ...types import Json, Operation

_parse: Json[State] = Json(State)


def get_state(state_id: int) -> Operation[State]:
    """Get one state.

    Args:
        state_id: Id of the state.

    Returns:
        The operation, not yet sent. It answers with the state.
    """
    return Operation(
        name="get_state",
        method="GET",
        endpoint="/external/thirdparty/v1/states/{state_id}/",
        path=f"/external/thirdparty/v1/states/{state_id:d}/",
        parse=_parse,
    )
