# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.change_log import ChangeLog
from ...types import Json, Operation

_parse: Json[ChangeLog] = Json(ChangeLog)


def get_site_data_change(site_id: int, change_id: int) -> Operation[ChangeLog]:
    """Get one correction of historical data.

    The change log holds the one change asked for.

    Args:
        site_id: Id of the site.
        change_id: Id of the data change.

    Returns:
        The operation, not yet sent. It answers with the change, alone in its log.
    """
    return Operation(
        name="get_site_data_change",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/data_changes/{change_id}/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/data_changes/{change_id:d}/",
        parse=_parse,
    )
