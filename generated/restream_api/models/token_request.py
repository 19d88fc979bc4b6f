# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from ..types import Model


class TokenRequest(Model, extra="forbid"):
    """A request for an access token by client credentials."""

    client_id: str
    """The client's id."""
    client_secret: str
    """The client's secret."""
    grant_type: Literal["client_credentials"]
    """The OAuth2 grant."""
