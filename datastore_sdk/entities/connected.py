"""Objects that keep the client they came through, and can ask for more."""

from __future__ import annotations

from typing import Any

from pydantic import PrivateAttr

from datastore_sdk.client import Client, client_for
from datastore_sdk.exceptions import ConfigurationError
from restream_api.types import Model


class ClientBound(Model):  # noqa: PLW1641 - its values can change
    """An object with a client. The client is never shown, compared, dumped or pickled."""

    _client: Client | None = PrivateAttr(default=None)
    _service: str | None = PrivateAttr(default=None)
    """The base URL of the client that a pickled object had."""

    def _caller(self) -> Client:
        if self._client:
            return self._client
        client = client_for()
        if self._service and self._service != client.base_url:
            raise ConfigurationError(
                f"this {type(self).__name__} was pickled with a client of {self._service}, and the environment leads to"
                f" {client.base_url}: make it anew with a client, {type(self).__name__}(..., client=client)"
            )
        return client

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientBound) or type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__

    def __getstate__(self) -> dict[Any, Any]:
        private = self.__pydantic_private__ or {}
        service = self._client.base_url if self._client else private.get("_service")
        return {
            **super().__getstate__(),
            "__pydantic_private__": {**private, "_client": None, "_service": service},
        }
