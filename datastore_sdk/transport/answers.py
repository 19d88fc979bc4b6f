"""What an answer means: a value where it is one of the operation's successes, else an error of our tree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from datastore_sdk.exceptions import (
    AnswerError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ContractError,
    ForbiddenError,
    NotFoundError,
    RateLimited,
    ServerError,
)
from datastore_sdk.transport.effects import Answer, Request
from restream_api.types import Operation

T = TypeVar("T")

EXCERPT = 2000
"""How many characters of an error's body are kept."""
PROBLEMS = 5
"""How many of the values that do not fit the contract are named."""
SHOWN = 80
"""How many characters of such a value are shown."""

_MEANINGS: dict[int, tuple[type[AnswerError], str]] = {
    HTTPStatus.UNAUTHORIZED: (AuthenticationError, "the token is missing, invalid or expired"),
    HTTPStatus.FORBIDDEN: (ForbiddenError, "the token gives no access to it"),
    HTTPStatus.NOT_FOUND: (NotFoundError, "there is no such object, or the token does not show it"),
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimited, "too many calls at a time"),
}
_WRONG_CREDENTIALS = "the client id or the client secret (RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET) is wrong"


def parse(operation: Operation[T], request: Request, body: bytes) -> T:
    """The answer as the operation's type.

    Raises:
        ContractError: the answer is not what the contract says.
    """
    try:
        return operation.parse(body)
    except ValidationError as error:
        shown = error.errors(include_url=False)[:PROBLEMS]
        problems = tuple(_problem(item, secret=not operation.authenticated) for item in shown)
        more = error.error_count() - len(problems)
        what = "; ".join(problems) + (f" (and {more} more)" if more else "")
    except orjson.JSONDecodeError as error:
        problems = (f"not JSON: {error}",)
        what = problems[0]
    message = f"{request.method} {request.url} answered something that the API contract does not allow: {what}"
    raise ContractError(_without_token(message, request), method=request.method, url=request.url, problems=problems)


def error_from(operation: Operation[Any], request: Request, answer: Answer, body: bytes, *, now: float) -> CallError:
    """The error that an answer which is not a success stands for."""
    status, headers = answer.status, answer.headers
    what = f"{request.method} {request.url} answered {status}"
    if status < HTTPStatus.BAD_REQUEST:
        place = (
            f" to {headers['location']}, which is not followed: the token stays here" if "location" in headers else ""
        )
        return ContractError(f"{what}, no success of this call{place}", method=request.method, url=request.url)
    kind, meaning = _meaning(operation, status)
    text = _without_token(body[: 4 * EXCERPT].decode(errors="replace"), request)[:EXCERPT]
    said = _words_of(text)
    details: dict[str, Any] = {"status": status, "body": text, "request_id": headers.get("x-request-id")}
    if kind in (RateLimited, ServerError):
        details["retry_after"] = _retry_after(headers, now)
    message = f"{what}: {meaning}" + (f". The service says: {said}" if said else "")
    return kind(message, method=request.method, url=request.url, **details)


def _meaning(operation: Operation[Any], status: int) -> tuple[type[AnswerError], str]:
    if not operation.authenticated and status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthenticationError, _WRONG_CREDENTIALS
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError, "the service failed"
    return BadRequestError, "the request is wrong"


def _problem(item: Any, *, secret: bool) -> str:
    """Where a value stands, what was expected there and, unless the answer holds secrets, what came."""
    place = ".".join(str(part) for part in item["loc"]) or "the answer"
    expected = item["msg"][0].lower() + item["msg"][1:]
    if secret:
        return f"{place}: {expected}"
    came = repr(item["input"])
    return f"{place}: {expected}, came {came if len(came) <= SHOWN else came[:SHOWN] + '...'}"


def _words_of(text: str) -> str:
    """The service's own words: `detail`, or the messages for each field."""
    try:
        said: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "" if text.lstrip().startswith("<") else text.strip()
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
    if value.isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)


def _without_token(text: str, request: Request) -> str:
    """The text without the token, should the service repeat it."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return text.replace(token, "***") if token else text
