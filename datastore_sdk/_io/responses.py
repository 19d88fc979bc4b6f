"""What an answer means: a value where it is one of the operation's successes, else an error of our tree."""

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
"""How many bytes of an error's body are read."""
MAX_EXCERPT_CHARACTERS = 2000
"""How many characters of an error's body are kept."""
MAX_PROBLEMS = 5
"""How many of the values that do not fit the contract are named."""
MAX_VALUE_CHARACTERS = 80
"""How many characters of such a value are shown."""

_MEANINGS: dict[int, tuple[type[APIStatusError], str]] = {
    HTTPStatus.UNAUTHORIZED: (AuthenticationError, "the token is missing, invalid or expired"),
    HTTPStatus.FORBIDDEN: (PermissionDeniedError, "the token gives no access to it"),
    HTTPStatus.NOT_FOUND: (NotFoundError, "there is no such object, or the token does not show it"),
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: (
        BadRequestError,
        "the proxy wants to know who asks: http://user:password@host:port in proxy=, or in HTTP_PROXY",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimitError, "too many calls at a time"),
}
_WRONG_CREDENTIALS = "the client id or the client secret (RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET) is wrong"


class UnexpectedContentError(ValueError):
    """Raised by a function that reads an answer, where something is missing that the contract cannot say."""


def parse_response(
    operation: Operation[T],
    request: Request,
    body: bytes,
    *,
    strict: bool = False,
    headers: Mapping[str, str] = NO_HEADERS,
) -> ParsedResponse[T]:
    """The answer as the operation's type.

    An answer that does not fit the contract is read as far as it does, unless the client is strict. An answer to a
    write that cannot be understood stands for nothing: the write was carried out, and must not look as if it were not.

    Raises:
        ResponseValidationError: The answer is not what the contract says, and is needed.
    """
    read, check = _reading(operation)
    try:
        parsed = read.read(body, headers) if isinstance(read, RawJson) else ParsedResponse(read(body))
        check(parsed.value)
    except ValueError as error:  # those of pydantic and of parsers are
        failure: Exception = error
    else:
        parsed.size = len(body)
        return parsed
    if not strict:
        try:
            parsed = _lenient(operation, body, headers)
            parsed.size = len(body)
            return parsed  # noqa: TRY300 - nothing else can fail in it
        except UnexpectedContentError as error:
            failure = error
        except ValueError:  # what was wrong at first says more
            pass
    problems, more = _problems(failure, request)
    del body, failure  # one may hold a token, and tools show the variables of a frame that raises; the other, the frame
    what = "; ".join(problems) + (f" (and {more} more)" if more else "")
    message = f"{request.method} {request.url}: the response does not match the API contract: {what}"
    raise ResponseValidationError(message, method=request.method, url=request.url, problems=problems)


def _reading(operation: Operation[T]) -> tuple[Callable[[bytes], T], Callable[[T], object]]:
    """How an answer is read, and how it is checked then."""
    parse = operation.parse
    if isinstance(parse, CheckedType):
        checked = cast("CheckedType[T]", parse)
        return checked.read, checked.check
    return parse, lambda _: None


def _lenient(operation: Operation[T], body: bytes, headers: Mapping[str, str]) -> ParsedResponse[T]:
    read, check = _reading(operation)
    type_ = get_contract_type(read)
    if type_ is None:
        raise UnexpectedShapeError("it cannot be read")
    try:
        parsed: ParsedResponse[T] = parse_tolerantly(type_, body, operation.name, headers)
    except ValueError as error:
        is_write = operation.method != "GET" and operation.authenticated
        if not is_write or not (isinstance(error, UnexpectedShapeError) or _is_of_service(body)):
            raise
        what = "cannot be read, or nothing came; the write was carried out"
        return ParsedResponse(
            build_empty_value(type_), [Deviation("type", operation.name, what)] if body.strip() else []
        )
    check(parsed.value)
    return parsed


def _is_of_service(body: bytes) -> bool:
    """Whether a body that is not JSON is one of the service all the same: empty, or damaged on its way.

    A page of HTML, say, is of something in between, which may not have let the request through.
    """
    return not body.strip() or body.lstrip().startswith((b"{", b"["))


def build_error(operation: Operation[Any], request: Request, answer: Response, body: bytes, *, now: float) -> CallError:
    """The error that an answer which is not a success stands for.

    Args:
        operation: What was asked.
        request: How it was asked.
        answer: Status and headers.
        body: The body, up to `MOST_OF_AN_ERROR` bytes of it.
        now: Unix seconds.
    """
    mask, status = Redactor(request.secrets), answer.status
    what = f"{request.method} {request.url} returned {status}"
    if status < HTTPStatus.BAD_REQUEST:
        target = remove_control_characters(mask.redact(answer.headers.get("location", "")))
        place = f" to {target}, which is not followed: the token stays here" if target else ""
        return ResponseValidationError(
            f"{what}, which is not a success status of this call{place}", method=request.method, url=request.url
        )
    kind, meaning = _meaning(operation, status)
    text = mask.redact(body.decode(errors="replace"), cut=len(body) == MAX_ERROR_BODY_BYTES)[:MAX_EXCERPT_CHARACTERS]
    said = _words_of(text)
    details: dict[str, Any] = {"status": status, "body": text, "request_id": get_request_id(request, answer)}
    if kind in (RateLimitError, ServerError):
        details["retry_after"] = _retry_after(answer.headers, now)
    message = f"{what}: {meaning}" + (f". The service says: {remove_control_characters(said)}" if said else "")
    if (seconds := details.get("retry_after")) is not None:
        message += f" (again in {round(seconds, 1):g} s at the earliest)"
    return kind(message, method=request.method, url=request.url, **details)


def get_request_id(request: Request, answer: Response) -> str | None:
    """The id under which the service knows a request, if it gave one."""
    request_id = answer.headers.get("x-request-id")
    return remove_control_characters(Redactor(request.secrets).redact(request_id)) if request_id else None


def _problems(error: Exception, request: Request) -> tuple[tuple[str, ...], int]:
    """What is wrong with an answer, in words, and how many more things are."""
    mask = Redactor(request.secrets)
    if isinstance(error, ValidationError):
        items = error.errors(include_url=False)[:MAX_PROBLEMS]
        problems = tuple(_problem(item, None if request.secret else mask) for item in items)
        return problems, error.error_count() - len(problems)
    return (mask.redact(f"not JSON: {error}" if isinstance(error, orjson.JSONDecodeError) else str(error)),), 0


def _meaning(operation: Operation[Any], status: int) -> tuple[type[APIStatusError], str]:
    if not operation.authenticated and status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthenticationError, _WRONG_CREDENTIALS
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError, "the service failed"
    return BadRequestError, "the request is wrong"


def _problem(item: Any, mask: Redactor | None) -> str:
    """Where a value stands, what was expected there and, unless the answer holds secrets, what came."""
    place = ".".join(str(part) for part in item["loc"]) or "the answer"
    expected = item["msg"][0].lower() + item["msg"][1:]
    if mask is None:
        return f"{place}: {expected}"
    value = mask.redact(repr(item["input"]))
    if len(value) > MAX_VALUE_CHARACTERS:
        value = value[:MAX_VALUE_CHARACTERS] + "..."
    return mask.redact(f"{place}: {expected}, came {value}")


def _words_of(text: str) -> str:
    """The service's own words: `detail`, or the messages for each field."""
    try:
        return _said(orjson.loads(text))
    except (orjson.JSONDecodeError, RecursionError):  # no JSON, or deeper than anything that has a meaning
        return "" if text.lstrip().startswith("<") else text.strip()


def _said(said: Any) -> str:
    if not isinstance(said, dict):
        return str(said)
    words: dict[str, Any] = {**said}
    if isinstance(words.get("detail"), str):
        return str(words["detail"])
    return "; ".join(f"{name}: {_joined(value)}" for name, value in words.items())


def _joined(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    items: list[Any] = [*value]
    return " ".join(map(str, items))


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait; the header holds seconds or an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        return float(value)
    date = parse_http_date(value)
    return None if date is None else max(0.0, date - now)


def parse_http_date(value: str) -> float | None:
    """Return an HTTP date in unix seconds; None if it is not one."""
    from email.utils import parsedate_to_datetime  # here, for it takes long

    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
