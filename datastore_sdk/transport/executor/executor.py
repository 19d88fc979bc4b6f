"""The logic of a call: token, limit, attempts, and what the answer means. Pure: it yields effects."""

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
"""How often a token is asked for at most before the call fails."""
_SUCCESSES = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}
)
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT})
"""Successes of writes only. Part of what was asked for (206) is none: parts were not asked for."""
Flow = Generator[Operation[Any], Any, T]
"""Logic of one call or more: yields operations, gets their answers back, returns a result."""


class OperationRunner(Protocol[T_co]):
    """An operation, or a flow."""

    def __iter__(self) -> Generator[Operation[Any], Any, T_co]: ...


class RequestExecutor:
    """Turns operations into effects."""

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
        self._max_answer_bytes = max_response_bytes
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
        """What waiting goes by."""
        return self._clock

    @property
    def headers(self) -> Mapping[str, str]:
        """What is sent with every request, but for the token."""
        return self._headers

    @property
    def timeouts(self) -> Timeouts:
        """How long to wait."""
        return self._timeouts

    @property
    def retries(self) -> RetryPolicy:
        """How often and when failed calls are made again."""
        return self._retries

    @property
    def hooks(self) -> Hooks:
        """Who is told of calls."""
        return self._hooks

    @property
    def limits(self) -> ConcurrencyLimits:
        """How many calls may be under way at a time."""
        return self._limits

    def run(self, calls: OperationRunner[T]) -> EffectGen[T]:
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
            pages = Pages(operation, self._base_url, page, self._max_answer_bytes)
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
                response: ParsedResponse[T] = yield from self._made(call)
            except DeadlineExceeded:
                if is_nested:  # the deadline belongs to the call that needs a token
                    raise
                raise call.deadline_error() from None
            return response

    def call(
        self, operation: Operation[Any], retries: RetryPolicy | None = None, deadline: Deadline | None = None
    ) -> Call:
        """A call that is about to be made."""
        return Call(
            operation,
            self._base_url,
            policy=retries or self._retries,
            clock=self._clock,
            hooks=self._hooks,
            deadline=deadline,
        )

    def _made(self, call: Call) -> EffectGen[Any]:
        while True:
            try:
                return (yield from self._attempt(call))
            except CallError as error:
                yield from call.wait_for_retry(error)

    def access_token(self, rejected: str | None = None) -> EffectGen[str]:
        """The token to send now; another one than that which was refused, where there is one."""
        if rejected is not None:
            self._credentials.renew(rejected)
        del rejected  # as in `client_for`
        return (yield from self._credentials.token(self._fetch_token))

    def _fetch_token(self, operation: Operation[T], deadline: Deadline | None) -> EffectGen[T]:
        """Asks for a token, more cautiously: asking too often can get a client banned."""
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
                (yield from self._whole(opened)),
                strict=self._strict,
                headers=opened.headers,
            )
            if opened.status not in call.operation.success:
                parsed.deviations = [*parsed.deviations, Deviation("status", call.operation.name, str(opened.status))]
            report_deviations(call, parsed, self._hooks)
            return parsed  # noqa: TRY300 - an error of closing is none of the answer
        except BaseException as error:
            opened.record_error(error)
            raise
        finally:
            yield from opened.close()

    def open(self, call: Call) -> EffectGen[OpenResponse]:
        """Makes one attempt at a call and comes back with its answer open; the caller closes it.

        A token that the service refuses is renewed once where it can be.
        """
        operation = call.operation
        lease = yield from call.acquire_permit(self._limits)
        try:
            request = yield from self._request(operation, call.deadline)
            try:
                return (yield from self._accepted(call, request, lease))
            except AuthenticationError:
                if not operation.authenticated or not self._credentials.renew(request.token):
                    raise
            request = yield from self._request(operation, call.deadline)
            return (yield from self._accepted(call, request, lease))
        except BaseException as error:
            lease.release(dropped=not isinstance(error, APIStatusError) and getattr(error, "sent", True))
            raise

    def _request(self, operation: Operation[Any], deadline: Deadline | None) -> EffectGen[Request]:
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

    def _accepted(self, call: Call, request: Request, lease: HeldPermit) -> EffectGen[OpenResponse]:
        """Opens the request; an answer that is not a success is read, closed and raised."""
        attempt = call.start_attempt(request)
        try:
            answer = yield from SendRequest(request, call.deadline)
            try:
                attempt.record_response(answer)
                if self._is_success(call.operation, answer.status):
                    return OpenResponse(request, answer, attempt, lease, call.deadline)
                report_status(call, answer.status, self._hooks)
                error = yield from self._refusal(call.operation, request, answer, call.deadline)
            except BaseException:
                yield from CloseResponse(answer)
                raise
            yield from CloseResponse(answer)
        except BaseException as raised:
            attempt.end(raised)
            raise
        attempt.end(error)
        try:
            raise error
        finally:
            del error  # it holds this frame

    def _is_success(self, operation: Operation[Any], status: int) -> bool:
        """Whether an answer holds what was asked for, or says that what was asked for was done."""
        if status in operation.success or self._strict:
            return status in operation.success
        return status in _SUCCESSES or (status in _WITHOUT_CONTENT and operation.method != "GET")

    def _refusal(
        self, operation: Operation[Any], request: Request, answer: Response, deadline: Deadline | None
    ) -> EffectGen[CallError]:
        """The error that an answer stands for."""
        body = yield from _beginning(ResponseBody(request, answer, deadline), self._time_for(request))
        return build_error(operation, request, answer, body, now=self._clock.now())

    def _time_for(self, request: Request) -> Deadline:
        """The time that there is to read an ordinary answer."""
        return Deadline(self._clock, request.timeouts.response)

    def _whole(self, opened: OpenResponse) -> EffectGen[bytes]:
        content = BytesIO()  # which does not show what it holds: a token, perhaps
        request, body = opened.request, opened.body
        until = self._time_for(request)
        while content.write((yield from opened.read(until))):
            if body.received > self._max_answer_bytes:
                most = f"{self._max_answer_bytes} bytes, the most that Client(max_response_bytes=...) allows"
                what = f"{request.method} {request.url}"
                raise ResponseValidationError(
                    f"{what} answered more than {most}", method=request.method, url=request.url
                )
        return content.getvalue()


def _beginning(body: ResponseBody, until: Deadline) -> EffectGen[bytes]:
    """The beginning of an error's body, as much as says what is wrong; no body is no further error."""
    content = BytesIO()
    with suppress(CallError):
        while content.tell() < MAX_ERROR_BODY_BYTES:
            if not content.write((yield from body.read(until))):
                break
    return content.getvalue()[:MAX_ERROR_BODY_BYTES]
