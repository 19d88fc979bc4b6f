# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.state import State
from ...types import Json, Operation, encode_query

_parse: Json[list[State]] = Json(list[State])


def list_states(
    *, site_id: int | None = None, pad_id: int | None = None, current_state_search: str | None = None
) -> Operation[list[State]]:
    """List the states of sites.

    One state for each site that is configured; a site that is not has none.

    Args:
        site_id: Id of the site.
        pad_id: Id of the pad that the site lies on.
        current_state_search: Stage-name filter: only states of this operation, such as `frac`, `wl` or `standby`.

    Returns:
        The operation, not yet sent. It answers with the states.
    """
    return Operation(
        name="list_states",
        method="GET",
        endpoint="/external/thirdparty/v1/states/",
        path="/external/thirdparty/v1/states/",
        parse=_parse,
        query=encode_query({"site__id": site_id, "pad__id": pad_id, "current_state_search": current_state_search}),
    )
