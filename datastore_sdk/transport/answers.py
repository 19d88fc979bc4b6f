"""What an answer means: an error of our tree where it is none of the operation's successes, else a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError
from restream_api.types import Operation

from datastore_sdk.exceptions import (
    AnswerError,
    AuthenticationError,
    BadRequestError,
    ContractError,
    ForbiddenError,
    NotFoundError,
    RateLimited,
    ServerError,
)
from datastore_sdk.transport.effects import Answer, Request

T = TypeVar("T")

EXCERPT = 2000
"""How many characters of an error's body are kept."""
PROBLEMS = 5
"""How many of the values that do not fit the contract are named."""

_KINDS: dict[int, tuple[type[AnswerError], str]] = {
    401: (AuthenticationError, "the token is missing, invalid or expired"),
    403: (ForbiddenError, "the token gives no access to it"),
    404: (NotFoundError, "there is no such object, or the token does not show it"),
    429: (RateLimited, "too many calls at a time"),
}


def error_from(
    operation: Operation[Any], request: Request, answer: Answer, body: bytes, *, now: float
) -> AnswerError | ContractError:
    """The error that an answer which is not a success stands for."""
    status, headers = answer.status, answer.headers
    text = _without_secret(body[: 4 * EXCERPT].decode(errors="replace"), request)[:EXCERPT]
    said = _words_of(text)
    details: dict[str, Any] = {"method": request.method, "url": request.url}
    what = f"{request.method} {request.url} answered {status}"
    if 300 <= status < 400:
        target = headers.get("location", "nowhere")
        message = (
            f"{what}: a redirection to {target}, which is not followed so that the token stays with the host it is for"
        )
        return ContractError(message, problems=(message,), **details)
    if status < 400:
        message = f"{what}, which is none of the contract's successes"
        return ContractError(message, problems=(message,), **details)
    kind, meaning = _meaning(operation, status)
    details |= {"status": status, "body": text, "request_id": headers.get("x-request-id")}
    if kind in (RateLimited, ServerError):
        details["retry_after"] = _retry_after(headers, now)
    return kind(f"{what}: {meaning}" + (f". The service says: {said}" if said else ""), **details)


def _meaning(operation: Operation[Any], status: int) -> tuple[type[AnswerError], str]:
    if not operation.authenticated and status in (401, 403):
        return (
            AuthenticationError,
            "the client id or the client secret (RESTREAM_CLIENT_ID, RESTREAM_CLIENT_SECRET) is wrong",
        )
    if status in _KINDS:
        return _KINDS[status]
    return (ServerError, "the service failed") if status >= 500 else (BadRequestError, "the request is wrong")


def parse(operation: Operation[T], request: Request, body: bytes) -> T:
    """The answer as the operation's type.

    Raises:
        ContractError: the answer is not what the contract says.
    """
    try:
        return operation.parse(body)
    except ValidationError as error:
        problems = tuple(_problem(item) for item in error.errors(include_url=False)[:PROBLEMS])
        more = f" (and {error.error_count() - PROBLEMS} more)" if error.error_count() > PROBLEMS else ""
        message = f"{request.method} {request.url} answered something that the API contract does not allow: {'; '.join(problems)}{more}"
    except orjson.JSONDecodeError as error:
        problems = (f"not JSON: {error}",)
        message = f"{request.method} {request.url} answered something that is not JSON: {error}"
    raise ContractError(_without_secret(message, request), method=request.method, url=request.url, problems=problems)


def _problem(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "the answer"
    came = repr(item["input"])
    return f"{place}: {item['msg'][0].lower()}{item['msg'][1:]}, came {came if len(came) <= 80 else came[:77] + '...'}"


def _words_of(text: str) -> str:
    """The service's own words: `detail`, or the messages for each field."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "" if text.lstrip().startswith("<") else text[:200].strip()
    if not isinstance(said, dict):
        return str(said)[:EXCERPT]
    words: dict[str, Any] = said
    if isinstance(words.get("detail"), str):
        return str(words["detail"])
    return "; ".join(f"{name}: {_joined(value)}" for name, value in words.items())


def _joined(value: Any) -> str:
    items: list[Any] = value if isinstance(value, list) else [value]
    return " ".join(str(item) for item in items)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds; the header holds seconds or an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)


def _without_secret(text: str, request: Request) -> str:
    """The text without the token, should the service repeat it in an error."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return text.replace(token, "***") if token else text
