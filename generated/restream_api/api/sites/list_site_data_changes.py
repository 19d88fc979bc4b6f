# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.change_log import ChangeLog
from ...types import Json, Operation, encode_query

_parse: Json[ChangeLog] = Json(ChangeLog)


def list_site_data_changes(site_id: int, *, get_acknowledged: bool | None = None) -> Operation[ChangeLog]:
    """List the corrections of historical data of a site.

    A client downloads each changed interval again and then acknowledges the change.

    Args:
        site_id: Id of the site.
        get_acknowledged: List the changes that were acknowledged already too.

    Returns:
        The operation, not yet sent. It answers with the changes.
    """
    return Operation(
        name="list_site_data_changes",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/data_changes/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/data_changes/",
        parse=_parse,
        query=encode_query({"get_acknowledged": get_acknowledged}),
    )
