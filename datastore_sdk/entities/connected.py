"""Objects that keep the client they came through, and can ask for more."""

from __future__ import annotations

from typing import Any

from pydantic import PrivateAttr

from datastore_sdk.transport import Client, client_for
from restream_api.types import Model


class Connected(Model):  # noqa: PLW1641 - its values can change
    """An object with a client. The client is never shown, compared, dumped or pickled."""

    _client: Client | None = PrivateAttr(default=None)

    def _caller(self) -> Client:
        return self._client or client_for()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Connected) or type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__

    def __getstate__(self) -> dict[Any, Any]:
        return {
            **super().__getstate__(),
            "__pydantic_private__": {**(self.__pydantic_private__ or {}), "_client": None},
        }
