"""Bearer tokens, and the client credentials flow that issues them."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from datastore_sdk.sandbox.api.errors import RequestError, build_unauthorized


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """Credentials that clients of the sandbox use.

    Attributes:
        token: A token that never expires.
        client_id: Client id for the OAuth2 client credentials flow.
        client_secret: Client secret for the same.
        token_lifetime: Lifetime in seconds of an issued token.
    """

    token: str
    client_id: str
    client_secret: str
    token_lifetime: float


class TokenRegistry:
    """Registry that issues and verifies tokens."""

    def __init__(self, credentials: ClientCredential) -> None:
        self._credentials = credentials
        self._expiry: dict[str, float] = {}

    def issue(self, form: Mapping[str, str]) -> dict[str, object]:
        """Handle a request of the OAuth2 client credentials flow.

        Raises:
            RequestError: 400 for another flow, 401 for wrong credentials.
        """
        if form.get("grant_type") != "client_credentials":
            raise RequestError(400, {"error": "unsupported_grant_type"})
        known = self._credentials
        is_id = hmac.compare_digest(form.get("client_id", "").encode(), known.client_id.encode())
        is_secret = hmac.compare_digest(form.get("client_secret", "").encode(), known.client_secret.encode())
        if not (is_id and is_secret):
            raise RequestError(401, {"error": "invalid_client"}, {"WWW-Authenticate": 'Bearer error="invalid_client"'})
        token = secrets.token_urlsafe(24)
        self._expiry[token] = time.monotonic() + known.token_lifetime
        return {
            "access_token": token,
            "expires_in": known.token_lifetime,
            "token_type": "Bearer",
            "scope": "read write",
        }

    def client_of(self, authorization: str | None) -> str:
        """Return the client of an `Authorization` header.

        Raises:
            RequestError: 401 without a valid token.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise build_unauthorized("Authentication credentials were not provided.")
        if hmac.compare_digest(token.encode(), self._credentials.token.encode()):
            return "token"
        expiry = self._expiry.get(token)
        if expiry is None:
            raise build_unauthorized("Invalid token.")
        if expiry <= time.monotonic():
            raise build_unauthorized("Token has expired.")
        return self._credentials.client_id
