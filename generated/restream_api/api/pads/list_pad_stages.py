# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from datetime import datetime

from ...models.stage import Stage
from ...types import Json, Operation, encode_query

_parse: Json[list[Stage]] = Json(list[Stage])


def list_pad_stages(
    pad_id: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    stage_number: int | None = None,
    stage_numbers: list[int] | None = None,
    state: str | None = None,
) -> Operation[list[Stage]]:
    """List the stages of all sites of a pad, newest first.

    Args:
        pad_id: Id of the pad.
        start: Only stages from this moment on, UTC.
        end: Only stages up to this moment, UTC.
        stage_number: Only the stage of this number. In a query of data it goes with `state_imatch`, on a pad with
            `routed` too.
        stage_numbers: Only stages of these numbers.
        state: Stage-name filter: only stages of this operation, such as `frac`, `wl` or `standby`.

    Returns:
        The operation, not yet sent. It answers with the stages, newest first.
    """
    return Operation(
        name="list_pad_stages",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/history/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/history/",
        parse=_parse,
        query=encode_query(
            {"start": start, "end": end, "stage_number": stage_number, "stage_numbers": stage_numbers, "state": state}
        ),
    )
