# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class Error(Model):
    """What went wrong. `detail` says it in one sentence; otherwise each key is a field or parameter of the request,
    with the messages about it."""

    detail: str | None = None
    """What went wrong."""
    error: str | None = None
    """The OAuth2 error code, such as `invalid_client`; only from `/o/token/`."""
    error_description: str | None = None
    """The OAuth2 error in words; only from `/o/token/`."""
