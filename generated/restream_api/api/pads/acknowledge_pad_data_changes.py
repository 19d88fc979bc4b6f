# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.acknowledgements import Acknowledgements
from ...models.change_log import ChangeLog
from ...types import Json, Operation, encode_json

_parse: Json[ChangeLog] = Json(ChangeLog)


def acknowledge_pad_data_changes(pad_id: int, *, body: Acknowledgements) -> Operation[ChangeLog]:
    """Acknowledge corrections as received.

    Answers with the changes that are still open; one that is no longer listed is acknowledged. Doing it again
    does no harm.

    Args:
        pad_id: Id of the pad.
        body: The changes that were received.

    Returns:
        The operation, not yet sent. It answers with the changes.
    """
    return Operation(
        name="acknowledge_pad_data_changes",
        method="POST",
        endpoint="/external/thirdparty/v1/pads/{pad_id}/data_changes/",
        path=f"/external/thirdparty/v1/pads/{pad_id:d}/data_changes/",
        parse=_parse,
        headers={"Content-Type": "application/json"},
        content=encode_json(body),
        success=frozenset({200, 201}),
    )
