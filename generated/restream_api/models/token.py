# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class Token(Model):
    """An access token."""

    access_token: str
    """The token, to be sent as `Authorization: Bearer ...`."""
    expires_in: float
    """How long the token is good from now, seconds."""
    token_type: str
    """Kind of token, `Bearer`."""
    scope: str | None = None
    """What the token allows, words separated by spaces."""
