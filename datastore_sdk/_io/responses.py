"""Meaning of responses: the value of an operation, or an error of the SDK."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from http import HTTPStatus
from typing import Any, TypeVar, cast

import orjson
from pydantic import ValidationError

from datastore_sdk._io.effects import Request, Response
from datastore_sdk._io.tolerant_parser import (
    NO_HEADERS,
    CheckedType,
    Deviation,
    ParsedResponse,
    RawJson,
    UnexpectedShapeError,
    build_empty_value,
    get_contract_type,
    parse_tolerantly,
)
from datastore_sdk._utils.redaction import Redactor, remove_control_characters
from datastore_sdk.exceptions import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from restream_api.types import Operation

T = TypeVar("T")

MAX_ERROR_BODY_BYTES = 1 << 16
"""Maximum size in bytes of the part of an error's body that is read."""
MAX_EXCERPT_CHARACTERS = 2000
"""Maximum number of characters of an error's body in the error."""
MAX_PROBLEMS = 5
"""Maximum number of values in the error of a response that does not fit the contract."""
MAX_VALUE_CHARACTERS = 80
"""Maximum number of characters of such a value."""

_MEANINGS: dict[int, tuple[type[APIStatusError], str]] = {
    HTTPStatus.UNAUTHORIZED: (AuthenticationError, "the token is missing, invalid or expired"),
    HTTPStatus.FORBIDDEN: (PermissionDeniedError, "the token gives no access to it"),
    HTTPStatus.NOT_FOUND: (NotFoundError, "the object does not exist, or the token has no access to it"),
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: (
        BadRequestError,
        "the proxy requires credentials: pass http://user:password@host:port as proxy=, or in HTTP_PROXY",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimitError, "too many calls at a time"),
}
_WRONG_CREDENTIALS = "the client id or the client secret (RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET) is wrong"


class UnexpectedContentError(ValueError):
    """A response lacks something that the contract cannot express. Raised by the check of a `CheckedType`."""


def parse_response(
    operation: Operation[T],
    request: Request,
    body: bytes,
    *,
    strict: bool = False,
    headers: Mapping[str, str] = NO_HEADERS,
) -> ParsedResponse[T]:
    """Parse the body of a successful response.

    A response that does not fit the contract is parsed tolerantly, unless `strict` is true. If the response to a write
    cannot be parsed at all, the result is empty: the write was carried out, so the call must not fail.

    Raises:
        ResponseValidationError: The response does not fit the contract and cannot be parsed tolerantly.
    """
    read, check = _get_parser(operation)
    try:
        parsed = read.read(body, headers) if isinstance(read, RawJson) else ParsedResponse(read(body))
        check(parsed.value)
    except ValueError as error:  # pydantic and the JSON parsers raise subclasses of it
        failure: Exception = error
    else:
        parsed.size = len(body)
        return parsed
    if not strict:
        try:
            parsed = _parse_tolerantly(operation, body, headers)
            parsed.size = len(body)
            return parsed  # noqa: TRY300 - no later line of the block can raise
        except UnexpectedContentError as error:
            failure = error
        except ValueError:  # the error of the strict parser says more
            pass
    problems, more = _describe_problems(failure, request)
    del body, failure  # tools show the variables of a frame that raises, and the body may contain a token
    what = "; ".join(problems) + (f" (and {more} more)" if more else "")
    message = f"{request.method} {request.url}: the response does not match the API contract: {what}"
    raise ResponseValidationError(message, method=request.method, url=request.url, problems=problems)


def _get_parser(operation: Operation[T]) -> tuple[Callable[[bytes], T], Callable[[T], object]]:
    """Return the parser of an operation, and the check of its result."""
    parse = operation.parse
    if isinstance(parse, CheckedType):
        checked = cast("CheckedType[T]", parse)
        return checked.read, checked.check
    return parse, lambda _: None


def _parse_tolerantly(operation: Operation[T], body: bytes, headers: Mapping[str, str]) -> ParsedResponse[T]:
    read, check = _get_parser(operation)
    type_ = get_contract_type(read)
    if type_ is None:
        raise UnexpectedShapeError("it cannot be parsed")
    try:
        parsed: ParsedResponse[T] = parse_tolerantly(type_, body, operation.name, headers)
    except ValueError as error:
        is_write = operation.method != "GET" and operation.authenticated
        if not is_write or not (isinstance(error, UnexpectedShapeError) or _is_from_service(body)):
            raise
        what = "cannot be parsed, or is empty; the write was carried out"
        deviations = [Deviation("type", operation.name, what)] if body.strip() else []
        return ParsedResponse(build_empty_value(type_), deviations)
    check(parsed.value)
    return parsed


def _is_from_service(body: bytes) -> bool:
    """Return whether a body that is not JSON comes from the service: it is empty, or truncated JSON.

    An HTML page, for example, comes from a proxy, which may not have forwarded the request.
    """
    return not body.strip() or body.lstrip().startswith((b"{", b"["))


def build_error(
    operation: Operation[Any], request: Request, response: Response, body: bytes, *, now: float
) -> CallError:
    """Return the error that a response stands for.

    Args:
        operation: The operation.
        request: The request.
        response: The response.
        body: The body, up to `MAX_ERROR_BODY_BYTES` bytes of it.
        now: The current Unix time in seconds.
    """
    redactor, status = Redactor(request.secrets), response.status
    what = f"{request.method} {request.url} returned {status}"
    if status < HTTPStatus.BAD_REQUEST:
        target = remove_control_characters(redactor.redact(response.headers.get("location", "")))
        place = f" to {target}, which is not followed, since another host would receive the token" if target else ""
        return ResponseValidationError(
            f"{what}, which is not a success status of this call{place}", method=request.method, url=request.url
        )
    kind, meaning = _get_meaning(operation, status)
    is_cut = len(body) == MAX_ERROR_BODY_BYTES
    text = redactor.redact(body.decode(errors="replace"), cut=is_cut)[:MAX_EXCERPT_CHARACTERS]
    said = _extract_message(text)
    details: dict[str, Any] = {"status": status, "body": text, "request_id": get_request_id(request, response)}
    if kind in (RateLimitError, ServerError):
        details["retry_after"] = _parse_retry_after(response.headers, now)
    message = f"{what}: {meaning}" + (f". The service says: {remove_control_characters(said)}" if said else "")
    if (seconds := details.get("retry_after")) is not None:
        message += f" (again in {round(seconds, 1):g} s at the earliest)"
    return kind(message, method=request.method, url=request.url, **details)


def get_request_id(request: Request, response: Response) -> str | None:
    """Return the id that the service gave a request, if any."""
    request_id = response.headers.get("x-request-id")
    return remove_control_characters(Redactor(request.secrets).redact(request_id)) if request_id else None


def _describe_problems(error: Exception, request: Request) -> tuple[tuple[str, ...], int]:
    """Return descriptions of the problems of a response, and the number of further problems."""
    redactor = Redactor(request.secrets)
    if isinstance(error, ValidationError):
        items = error.errors(include_url=False)[:MAX_PROBLEMS]
        problems = tuple(_describe_problem(item, None if request.secret else redactor) for item in items)
        return problems, error.error_count() - len(problems)
    return (redactor.redact(f"not JSON: {error}" if isinstance(error, orjson.JSONDecodeError) else str(error)),), 0


def _get_meaning(operation: Operation[Any], status: int) -> tuple[type[APIStatusError], str]:
    if not operation.authenticated and status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthenticationError, _WRONG_CREDENTIALS
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError, "the service failed"
    return BadRequestError, "the request is wrong"


def _describe_problem(item: Any, redactor: Redactor | None) -> str:
    """Return the path of a value, the expectation, and the value, unless the response contains secrets."""
    path = ".".join(str(part) for part in item["loc"]) or "the body"
    expected = item["msg"][0].lower() + item["msg"][1:]
    if redactor is None:
        return f"{path}: {expected}"
    value = redactor.redact(repr(item["input"]))
    if len(value) > MAX_VALUE_CHARACTERS:
        value = value[:MAX_VALUE_CHARACTERS] + "..."
    return redactor.redact(f"{path}: {expected}, received {value}")


def _extract_message(text: str) -> str:
    """Return the message of the service: `detail`, or the messages of each field."""
    try:
        return _format_message(orjson.loads(text))
    except (orjson.JSONDecodeError, RecursionError):  # not JSON, or nested too deeply
        return "" if text.lstrip().startswith("<") else text.strip()


def _format_message(message: Any) -> str:
    if not isinstance(message, dict):
        return str(message)
    fields: dict[str, Any] = {**message}
    if isinstance(fields.get("detail"), str):
        return str(fields["detail"])
    return "; ".join(f"{name}: {_join(value)}" for name, value in fields.items())


def _join(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    items: list[Any] = [*value]
    return " ".join(map(str, items))


def _parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds of a Retry-After header, which has seconds or an HTTP date; None without one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        return float(value)
    date = parse_http_date(value)
    return None if date is None else max(0.0, date - now)


def parse_http_date(value: str) -> float | None:
    """Return an HTTP date in Unix seconds; None if it is not one."""
    from email.utils import parsedate_to_datetime  # slow to import

    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
