"""Executor of operations: token, permit, attempts and parsing of a call. Sans-I/O: it yields effects."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from io import BytesIO
from typing import Any, Protocol, TypeVar

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.deadline import Deadline, DeadlineExceeded
from datastore_sdk._io.effects import CloseResponse, EffectGen, Request, Response, SendRequest
from datastore_sdk._io.responses import MAX_ERROR_BODY_BYTES, build_error, parse_response
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._io.tolerant_parser import Deviation, ParsedResponse
from datastore_sdk.auth.providers import Credentials
from datastore_sdk.exceptions import (
    APIStatusError,
    AuthenticationError,
    CallError,
    ResponseValidationError,
)
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.call import Call
from datastore_sdk.transport.executor.concurrency import ConcurrencyLimits, HeldPermit
from datastore_sdk.transport.executor.pagination import Pages
from datastore_sdk.transport.executor.response_body import OpenResponse, ResponseBody
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.executor.schema_drift import report_deviations, report_status
from restream_api.types import Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_TOKEN_ATTEMPTS = 3
"""Maximum number of attempts of a token request."""
_SUCCESSES = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}
)
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT})
"""Success statuses of writes. 206 (Partial Content) is an error, since requests have no range."""
Flow = Generator[Operation[Any], Any, T]
"""Generator that yields operations, receives their results, and returns a result of its own."""


class OperationRunner(Protocol[T_co]):
    """An operation or a flow."""

    def __iter__(self) -> Generator[Operation[Any], Any, T_co]: ...


class RequestExecutor:
    """Executor of operations and flows for one client.

    Args:
        base_url: Scheme and host of the service.
        credentials: The source of bearer tokens.
        limits: The limits of concurrent calls.
        timeouts: The timeouts of each request.
        retries: The retry policy.
        clock: The clock.
        headers: Headers of every request, except Authorization.
        hooks: The event hooks.
        max_response_bytes: Maximum size of a response that is read whole, and of all pages of a list together.
        strict: Whether responses that do not fit the API contract are errors.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        limits: ConcurrencyLimits,
        timeouts: Timeouts,
        retries: RetryPolicy,
        clock: Clock,
        headers: Mapping[str, str],
        hooks: Hooks | None = None,
        max_response_bytes: int,
        strict: bool = False,
    ) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self._retries = retries
        self._base_url = base_url
        self._credentials = credentials
        self._clock = clock
        self._headers = headers
        self._hooks = hooks or Hooks()
        self._max_response_bytes = max_response_bytes
        self._strict = strict

    @property
    def strict(self) -> bool:
        """Whether responses that do not fit the API contract are errors."""
        return self._strict

    @property
    def base_url(self) -> str:
        """Scheme and host of the service."""
        return self._base_url

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self._clock

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every request, except Authorization."""
        return self._headers

    @property
    def timeouts(self) -> Timeouts:
        """The timeouts."""
        return self._timeouts

    @property
    def retries(self) -> RetryPolicy:
        """The retry policy."""
        return self._retries

    @property
    def hooks(self) -> Hooks:
        """The event hooks."""
        return self._hooks

    @property
    def limits(self) -> ConcurrencyLimits:
        """The limits of concurrent calls."""
        return self._limits

    def run(self, calls: OperationRunner[T]) -> EffectGen[T]:
        """Execute an operation or a flow, and return its result."""
        flow = iter(calls)
        try:
            operation = next(flow)
            while True:
                try:
                    result = yield from self.fetch(operation)
                except CallError as error:
                    operation = flow.throw(error)
                else:
                    operation = flow.send(result)
        except StopIteration as stop:
            final: T = stop.value
            return final

    def fetch(
        self, operation: Operation[T], retries: RetryPolicy | None = None, deadline: Deadline | None = None
    ) -> EffectGen[T]:
        """Make one call, with retries, and read the whole response; of a list, all pages.

        Args:
            operation: The call.
            retries: The retry policy; default: that of the client.
            deadline: The deadline of the call that needs this one; default: `Timeouts.total` from now, for each page.
        """
        page = yield from self._page(operation, retries, deadline)
        value: T = page.value
        if page.next_page:
            pages = Pages(operation, self._base_url, page, self._max_response_bytes)
            while pages.following:
                pages.add((yield from self._page(pages.following, retries, deadline)))
        return value

    def _page(
        self, operation: Operation[T], retries: RetryPolicy | None, deadline: Deadline | None
    ) -> EffectGen[ParsedResponse[T]]:
        is_nested = deadline is not None
        if deadline is None and self._timeouts.total is not None:
            deadline = Deadline(self._clock, self._timeouts.total)
        with self.call(operation, retries, deadline) as call:
            try:
                response: ParsedResponse[T] = yield from self._call_with_retries(call)
            except DeadlineExceeded:
                if is_nested:  # the deadline belongs to the call that needs a token
                    raise
                raise call.deadline_error() from None
            return response

    def call(
        self, operation: Operation[Any], retries: RetryPolicy | None = None, deadline: Deadline | None = None
    ) -> Call:
        """Return a call whose attempts the caller makes with `open`."""
        return Call(
            operation,
            self._base_url,
            policy=retries or self._retries,
            clock=self._clock,
            hooks=self._hooks,
            deadline=deadline,
        )

    def _call_with_retries(self, call: Call) -> EffectGen[Any]:
        while True:
            try:
                return (yield from self._attempt(call))
            except CallError as error:
                yield from call.wait_for_retry(error)

    def access_token(self, rejected: str | None = None) -> EffectGen[str]:
        """Return the current token.

        Args:
            rejected: A token that the service rejected; if the credentials can be renewed, another one is returned.
        """
        if rejected is not None:
            self._credentials.renew(rejected)
        del rejected  # tools that show the variables of a traceback must not show it
        return (yield from self._credentials.token(self._fetch_token))

    def _fetch_token(self, operation: Operation[T], deadline: Deadline | None) -> EffectGen[T]:
        """Request a token with fewer retries, since the service can ban clients that request tokens too often."""
        few = replace(self._retries, max_attempts=min(self._retries.max_attempts, MAX_TOKEN_ATTEMPTS))
        try:
            return (yield from self.fetch(operation, few, deadline))
        except CallError as error:
            error.final = True
            raise

    def _attempt(self, call: Call) -> EffectGen[Any]:
        opened = yield from self.open(call)
        try:
            parsed = parse_response(
                call.operation,
                opened.request,
                (yield from self._read_all(opened)),
                strict=self._strict,
                headers=opened.headers,
            )
            if opened.status not in call.operation.success:
                parsed.deviations = [*parsed.deviations, Deviation("status", call.operation.name, str(opened.status))]
            report_deviations(call, parsed, self._hooks)
            return parsed  # noqa: TRY300 - an error while closing is not an error of the response
        except BaseException as error:
            opened.record_error(error)
            raise
        finally:
            yield from opened.close()

    def open(self, call: Call) -> EffectGen[OpenResponse]:
        """Make one attempt and return its open response, which the caller closes.

        A token that the service rejects is renewed once, if the credentials can be renewed.
        """
        operation = call.operation
        permit = yield from call.acquire_permit(self._limits)
        try:
            request = yield from self._build_request(operation, call.deadline)
            try:
                return (yield from self._send(call, request, permit))
            except AuthenticationError:
                if not operation.authenticated or not self._credentials.renew(request.token):
                    raise
            request = yield from self._build_request(operation, call.deadline)
            return (yield from self._send(call, request, permit))
        except BaseException as error:
            permit.release(aborted=not isinstance(error, APIStatusError) and getattr(error, "sent", True))
            raise

    def _build_request(self, operation: Operation[Any], deadline: Deadline | None) -> EffectGen[Request]:
        authorization: dict[str, str] = {}
        if operation.authenticated:
            token = yield from self._credentials.token(self._fetch_token, deadline)
            authorization["Authorization"] = f"Bearer {token}"
        headers = {
            **self._headers,
            **operation.headers,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            **authorization,
        }
        url = self._base_url + operation.target
        return Request(
            operation.method,
            url,
            headers,
            operation.content,
            streamed=operation.streamed,
            secret=not operation.authenticated,
            timeouts=self._timeouts,
        )

    def _send(self, call: Call, request: Request, permit: HeldPermit) -> EffectGen[OpenResponse]:
        """Send a request; raise the error that its response stands for if it is not a success."""
        attempt = call.start_attempt(request)
        try:
            response = yield from SendRequest(request, call.deadline)
            try:
                attempt.record_response(response)
                if self._is_success(call.operation, response.status):
                    return OpenResponse(request, response, attempt, permit, call.deadline)
                report_status(call, response.status, self._hooks)
                error = yield from self._read_error(call.operation, request, response, call.deadline)
            except BaseException:
                yield from CloseResponse(response)
                raise
            yield from CloseResponse(response)
        except BaseException as raised:
            attempt.end(raised)
            raise
        attempt.end(error)
        try:
            raise error
        finally:
            del error  # it references this frame

    def _is_success(self, operation: Operation[Any], status: int) -> bool:
        """Return whether a status means that the response has the requested data, or the write was done."""
        if status in operation.success or self._strict:
            return status in operation.success
        return status in _SUCCESSES or (status in _WITHOUT_CONTENT and operation.method != "GET")

    def _read_error(
        self, operation: Operation[Any], request: Request, response: Response, deadline: Deadline | None
    ) -> EffectGen[CallError]:
        """Return the error that a response stands for."""
        body = yield from _read_error_body(ResponseBody(request, response, deadline), self._body_deadline(request))
        return build_error(operation, request, response, body, now=self._clock.now())

    def _body_deadline(self, request: Request) -> Deadline:
        """Return the deadline for reading an ordinary response."""
        return Deadline(self._clock, request.timeouts.response)

    def _read_all(self, opened: OpenResponse) -> EffectGen[bytes]:
        content = BytesIO()  # its repr does not show the content, which may be a token
        request, body = opened.request, opened.body
        until = self._body_deadline(request)
        while content.write((yield from opened.read(until))):
            if body.received > self._max_response_bytes:
                limit = f"{self._max_response_bytes} bytes, the limit set by Client(max_response_bytes=...)"
                what = f"{request.method} {request.url}"
                raise ResponseValidationError(
                    f"{what}: the response is larger than {limit}", method=request.method, url=request.url
                )
        return content.getvalue()


def _read_error_body(body: ResponseBody, until: Deadline) -> EffectGen[bytes]:
    """Return the beginning of the body of an error. If it cannot be read, the error has less detail."""
    content = BytesIO()
    with suppress(CallError):
        while content.tell() < MAX_ERROR_BODY_BYTES:
            if not content.write((yield from body.read(until))):
                break
    return content.getvalue()[:MAX_ERROR_BODY_BYTES]
