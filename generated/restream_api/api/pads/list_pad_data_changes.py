# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.change_log import ChangeLog
from ...types import Json, Operation, encode_query

_parse: Json[ChangeLog] = Json(ChangeLog)


def list_pad_data_changes(pad_id: int, *, get_acknowledged: bool | None = None) -> Operation[ChangeLog]:
    """List the corrections of historical data of all sites of a pad.

    A client downloads each changed interval again and then acknowledges the change.

    Args:
        pad_id: Id of the pad.
        get_acknowledged: List the changes that were acknowledged already too.

    Returns:
        The operation, not yet sent. It answers with the changes.
    """
    return Operation(
        name="list_pad_data_changes",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/data_changes/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/data_changes/",
        parse=_parse,
        query=encode_query({"get_acknowledged": get_acknowledged}),
    )
