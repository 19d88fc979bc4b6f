"""A call whose answer is there to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datastore_sdk._io.effects import Cancelled, CloseResponse, EffectGen, Request, Response, YieldItem
from datastore_sdk.transport.executor.attempt import Attempt
from datastore_sdk.transport.executor.concurrency import HeldPermit
from datastore_sdk.transport.executor.response_body import ResponseBody


class PermitRevoked(Exception):  # noqa: N818 - not an error: the stream is asked to go on in another slot
    """The slot was taken while its holder rested, and the answer was dropped."""


class OpenResponse:
    """A call whose answer is a success and open to be read. Holds one of the endpoint's slots until it is closed."""

    def __init__(self, request: Request, answer: Response, attempt: Attempt, lease: HeldPermit) -> None:
        self.request = request
        self.body = ResponseBody(request, answer)
        self._answer = answer
        self._attempt = attempt
        self._lease = lease
        self._ended = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response, names in lower case."""
        return self._answer.headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    def read(self) -> EffectGen[bytes]:
        """The next piece of the body; empty at its end."""
        piece = yield from self.body.read()
        self._ended = not piece
        return piece

    def emit(self, items: Iterable[Any]) -> EffectGen[None]:
        """Hands items over. Meanwhile the slot may be taken by others.

        Raises:
            PermitRevoked: it was.
        """
        self._lease.rest(self._answer.drop)
        for item in items:
            yield from YieldItem(item)
        if not self._lease.wake():
            raise PermitRevoked

    def fail(self, error: BaseException) -> None:
        """The answer is given up because of an error."""
        given_up = isinstance(error, PermitRevoked | Cancelled)
        self._attempt.end(None if given_up else error, self.body.received)

    def close(self) -> EffectGen[None]:
        """Gives connection and slot back."""
        try:
            if self._lease.wake():
                yield from CloseResponse(self._answer)
        finally:
            self._lease.release(dropped=not self._ended)
            self._attempt.end(None, self.body.received)
