# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.site import Site
from ...types import Json, Operation

_parse: Json[Site] = Json(Site)


def get_site(site_id: int) -> Operation[Site]:
    """Get one site.

    Args:
        site_id: Id of the site.

    Returns:
        The operation, not yet sent. It answers with the site.
    """
    return Operation(
        name="get_site",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/",
        parse=_parse,
    )
