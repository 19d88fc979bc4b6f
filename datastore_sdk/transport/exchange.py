"""The logic of a call: token, limit, attempts, and what the answer means. Pure: it yields effects."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Any, Protocol, TypeVar

from datastore_sdk.exceptions import AuthenticationError, CallError, ContractError
from datastore_sdk.transport.answers import MOST_OF_AN_ERROR, error_from, parse
from datastore_sdk.transport.body import Body
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.credentials import Credentials
from datastore_sdk.transport.effects import Answer, Close, Emit, Open, Request, Sleep, Steps
from datastore_sdk.transport.retry import RetryPolicy
from datastore_sdk.transport.slots import Lease, Slots
from restream_api.types import Operation

log = logging.getLogger("datastore_sdk")

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

TOKEN_ATTEMPTS = 3
"""How often a token is asked for at most before the call fails."""
Flow = Generator[Operation[Any], Any, T]
"""Logic of one call or more: yields operations, gets their answers back, returns a result."""


class Calls(Protocol[T_co]):
    """An operation, or a flow."""

    def __iter__(self) -> Generator[Operation[Any], Any, T_co]: ...


class Exchange:
    """Turns operations into effects."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        retries: RetryPolicy,
        clock: Clock,
        user_agent: str,
        calls_per_endpoint: int,
        longest_answer: int,
    ) -> None:
        self._retries = retries
        self._base_url = base_url
        self._credentials = credentials
        self._clock = clock
        self._user_agent = user_agent
        self._calls_per_endpoint = calls_per_endpoint
        self._longest_answer = longest_answer
        self._slots: dict[str, Slots] = {}
        self._lock = Lock()

    def run(self, calls: Calls[T]) -> Steps[T]:
        """Carries out a flow."""
        flow = iter(calls)
        try:
            operation = next(flow)
            while True:
                try:
                    answer = yield from self.fetch(operation)
                except CallError as error:
                    operation = flow.throw(error)
                else:
                    operation = flow.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def fetch(self, operation: Operation[T], retries: RetryPolicy | None = None) -> Steps[T]:
        """Makes one call, again where that makes sense, and reads its answer whole."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return (yield from self._attempt(operation))
            except CallError as error:
                yield from self.pause(error, operation, attempt, retries)

    def pause(
        self, error: CallError, operation: Operation[Any], attempt: int, retries: RetryPolicy | None = None
    ) -> Steps[None]:
        """Waits before the next attempt, or raises the error where there must be none."""
        retries = retries or self._retries
        wait = retries.wait_after(error, attempt=attempt, idempotent=operation.idempotent)
        if wait is None or error.final:
            raise error
        log.warning("%s; attempt %d of %d in %.1f s", error, attempt + 1, retries.max_attempts, wait)
        yield from Sleep(wait)

    def _fetch_token(self, operation: Operation[T]) -> Steps[T]:
        """Asks for a token, more cautiously: asking too often can get a client banned."""
        few = replace(self._retries, max_attempts=min(self._retries.max_attempts, TOKEN_ATTEMPTS))
        try:
            return (yield from self.fetch(operation, few))
        except CallError as error:
            error.final = True
            raise

    def _attempt(self, operation: Operation[T]) -> Steps[T]:
        opened = yield from self.open(operation)
        try:
            content = yield from self._whole(opened.request, opened.body)
        finally:
            yield from opened.close()
        return parse(operation, opened.request, content)

    def open(self, operation: Operation[Any]) -> Steps[Opened]:
        """Makes one attempt at a call and comes back with its answer open; the caller closes it.

        A token that the service refuses is renewed once where it can be.
        """
        lease = yield from self._slots_of(operation).acquire()
        try:
            request = yield from self._request(operation)
            try:
                answer = yield from self._accepted(operation, request)
            except AuthenticationError:
                if not operation.authenticated or not self._credentials.renew(_token_of(request)):
                    raise
                request = yield from self._request(operation)
                answer = yield from self._accepted(operation, request)
            return Opened(request, answer, lease)
        except BaseException:
            lease.release()
            raise

    def _request(self, operation: Operation[Any]) -> Steps[Request]:
        headers = {
            **operation.headers,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": self._user_agent,
        }
        if operation.authenticated:
            token = yield from self._credentials.token(self._fetch_token)
            headers["Authorization"] = f"Bearer {token}"
        url = self._base_url + operation.target
        return Request(
            operation.method,
            url,
            headers,
            operation.content,
            streamed=operation.streamed,
            secret=not operation.authenticated,
        )

    def _accepted(self, operation: Operation[Any], request: Request) -> Steps[Answer]:
        """Opens the request; an answer that is not a success is read, closed and raised."""
        log.debug("%s %s", request.method, request.url)
        answer = yield from Open(request)
        log.debug("%s %s answered %d", request.method, request.url, answer.status)
        if answer.status in operation.success:
            return answer
        try:
            body = yield from _beginning(Body(request, answer))
        finally:
            yield from Close(answer)
        raise error_from(operation, request, answer, body, now=self._clock.now())

    def _whole(self, request: Request, body: Body) -> Steps[bytes]:
        pieces: list[bytes] = []
        while piece := (yield from body.read()):
            pieces.append(piece)
            if body.received > self._longest_answer:
                raise ContractError(
                    f"{request.method} {request.url} answered more than {self._longest_answer} bytes",
                    method=request.method,
                    url=request.url,
                )
        return b"".join(pieces)

    def _slots_of(self, operation: Operation[Any]) -> Slots:
        with self._lock:
            return self._slots.setdefault(operation.endpoint, Slots(self._calls_per_endpoint))


class SlotTaken(Exception):  # noqa: N818 - not an error: the stream is asked to go on in another slot
    """The slot was taken while its holder rested, and the answer was dropped."""


class Opened:
    """A call whose answer is a success and open to be read. Holds one of the endpoint's slots until it is closed."""

    def __init__(self, request: Request, answer: Answer, lease: Lease) -> None:
        self.request = request
        self.body = Body(request, answer)
        self._answer = answer
        self._lease = lease

    def emit(self, item: Any) -> Steps[None]:
        """Hands an item over. Meanwhile the slot may be taken by others.

        Raises:
            SlotTaken: it was.
        """
        self._lease.rest(self._answer.drop)
        yield from Emit(item)
        if not self._lease.wake():
            raise SlotTaken

    def close(self) -> Steps[None]:
        """Gives connection and slot back."""
        try:
            if self._lease.wake():
                yield from Close(self._answer)
        finally:
            self._lease.release()


def _beginning(body: Body) -> Steps[bytes]:
    """The beginning of an error's body, as much as says what is wrong; no body is no further error."""
    content = b""
    with suppress(CallError):
        while len(content) < MOST_OF_AN_ERROR and (piece := (yield from body.read())):
            content += piece
    return content[:MOST_OF_AN_ERROR]


def _token_of(request: Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")
