# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.change_log import ChangeLog
from ...types import Json, Operation

_parse: Json[ChangeLog] = Json(ChangeLog)


def get_pad_data_change(pad_id: int, change_id: int) -> Operation[ChangeLog]:
    """Get one correction of historical data.

    The change log holds the one change asked for.

    Args:
        pad_id: Id of the pad.
        change_id: Id of the data change.

    Returns:
        The operation, not yet sent. It answers with the change, alone in its log.
    """
    return Operation(
        name="get_pad_data_change",
        method="GET",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/data_changes/{change_id}/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/data_changes/{change_id:d}/",
        parse=_parse,
    )
