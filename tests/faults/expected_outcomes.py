"""Expected outcome of a call for each fault of each kind of request, as a table.

- `unnoticed`: the call succeeds without another request.
- `again`: it succeeds after a retry; a download resumes.
- `done`: it succeeds without another request; only the response is lost (of a write, or the labels of records).
- an error: it fails with this error, after the number of attempts in `FAULTS`.
- `-`: the fault does nothing to such a request.

A request that creates an object is never retried if the service may have executed it: the call fails, and the caller
checks. A deletion is retried; if the service had executed it already, the object is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from datastore_sdk import exceptions
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.sandbox import faults
from datastore_sdk.sandbox.faults import CallFault
from tests.faults.public_calls import Kind
from tests.support.jumping_clock import START

ATTEMPTS: Final = 4
"""Maximum attempts of the clients of these tests; three for a token."""
AMID: Final = 2_000
"""Offset of the corrupt byte in records; other bodies are corrupt at the first byte."""

OUTCOMES: Final = """
fault                       | read               | records            | create             | change             | delete             | token
503 twice                   | again              | again              | ServerError        | again              | again              | again
503 for ever                | ServerError        | ServerError        | ServerError        | ServerError        | ServerError        | ServerError
502, but carried out        | again              | again              | ServerError        | again              | NotFoundError      | again
429 once                    | again              | again              | again              | again              | again              | again
429, wait 7 s               | again              | again              | again              | again              | again              | again
429, wait until a date      | again              | again              | again              | again              | again              | again
429, wait too long          | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError
429 for ever                | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError        | RateLimitError
400                         | BadRequestError    | BadRequestError    | BadRequestError    | BadRequestError    | BadRequestError    | BadRequestError
401                         | AuthenticationError| AuthenticationError| AuthenticationError| AuthenticationError| AuthenticationError| AuthenticationError
401 once, renewable         | again              | again              | again              | again              | again              | -
token expired               | AuthenticationError| AuthenticationError| AuthenticationError| AuthenticationError| AuthenticationError| -
token expired, renewable    | again              | again              | again              | again              | again              | -
403                         | PermissionDeniedError     | PermissionDeniedError     | PermissionDeniedError     | PermissionDeniedError     | PermissionDeniedError     | AuthenticationError
404                         | NotFoundError      | NotFoundError      | NotFoundError      | NotFoundError      | NotFoundError      | NotFoundError
302 to another host         | ResponseValidationError      | ResponseValidationError      | ResponseValidationError      | ResponseValidationError      | ResponseValidationError      | ResponseValidationError
late                        | unnoticed          | unnoticed          | unnoticed          | unnoticed          | unnoticed          | unnoticed
no response                  | again              | again              | APITimeoutError   | again              | again              | again
body pauses                | unnoticed          | unnoticed          | unnoticed          | unnoticed          | -                  | unnoticed
body stops                  | again              | again              | APITimeoutError   | again              | -                  | again
body drips                  | unnoticed          | unnoticed          | unnoticed          | unnoticed          | -                  | unnoticed
reset before                | again              | again              | APIConnectionError  | again              | again              | again
reset, but carried out      | again              | again              | APIConnectionError  | again              | NotFoundError      | again
reset for ever              | APIConnectionError  | APIConnectionError  | APIConnectionError  | APIConnectionError  | APIConnectionError  | APIConnectionError
reset within the body       | again              | again              | APIConnectionError  | again              | -                  | again
reset after the body        | unnoticed          | unnoticed          | unnoticed          | unnoticed          | unnoticed          | unnoticed
body cut, in chunks         | ResponseValidationError      | again              | done               | done               | -                  | ResponseValidationError
body cut, length kept       | again              | again              | APIConnectionError  | again              | -                  | again
body cut, length cut        | ResponseValidationError      | again              | done               | done               | -                  | ResponseValidationError
body cut for ever           | ResponseValidationError      | TruncatedBodyError | done               | done               | -                  | ResponseValidationError
one byte wrong              | ResponseValidationError      | CorruptBodyError   | done               | done               | -                  | ResponseValidationError
another JSON                | ResponseValidationError      | CorruptBodyError   | done               | done               | -                  | ResponseValidationError
a page of HTML              | ResponseValidationError      | CorruptBodyError   | ResponseValidationError      | ResponseValidationError      | -                  | ResponseValidationError
JSON under a wrong name     | unnoticed          | unnoticed          | unnoticed          | unnoticed          | -                  | unnoticed
gzip cut short              | again              | again              | TruncatedBodyError | again              | -                  | again
"""  # noqa: E501 - a table


@dataclass(frozen=True, slots=True)
class Injected:
    """Fault, and the properties of the call that it affects."""

    fault: Callable[[int], CallFault]
    """Function from the offset of the corrupt byte to the fault."""
    attempts: int = 1
    """Maximum attempts before an error, if the request can be retried."""
    waits: float = 0.0
    """Minimum seconds before the next attempt."""
    impatient: bool = False
    """Whether the client has a short read timeout."""
    managed: bool = False
    """Whether the client has client credentials instead of a token."""


def _status(status: int, **options: object) -> Callable[[int], CallFault]:
    return lambda _: faults.Status(status, **options)  # type: ignore[arg-type]


def _always(fault: CallFault) -> Callable[[int], CallFault]:
    return lambda _: fault


_LATER: Final = datetime.fromtimestamp(START, UTC) + timedelta(seconds=20)

FAULTS: Final[dict[str, Injected]] = {
    "503 twice": Injected(_status(503, times=2)),
    "503 for ever": Injected(_status(503, times=None), attempts=ATTEMPTS),
    "502, but carried out": Injected(_status(502, processed=True), attempts=2),
    "429 once": Injected(_status(429)),
    "429, wait 7 s": Injected(_status(429, retry_after=7), waits=7),
    "429, wait until a date": Injected(_status(429, retry_after=_LATER), waits=19),
    "429, wait too long": Injected(_status(429, retry_after=3600)),
    "429 for ever": Injected(_status(429, times=None), attempts=ATTEMPTS),
    "400": Injected(_status(400)),
    "401": Injected(_status(401)),
    "401 once, renewable": Injected(_status(401), managed=True),
    "token expired": Injected(_always(faults.ExpireToken())),
    "token expired, renewable": Injected(_always(faults.ExpireToken()), managed=True),
    "403": Injected(_status(403)),
    "404": Injected(_status(404)),
    "302 to another host": Injected(_status(302, headers={"Location": "http://elsewhere.invalid/"})),
    "late": Injected(_always(faults.Delay(0.001))),
    "no response": Injected(_always(faults.Delay()), impatient=True),
    "body pauses": Injected(lambda at: faults.Stall(at, 0.001)),
    "body stops": Injected(faults.Stall, impatient=True),
    "body drips": Injected(_always(faults.Drip(97))),
    "reset before": Injected(_always(faults.Reset("request"))),
    "reset, but carried out": Injected(_always(faults.Reset("processed")), attempts=2),
    "reset for ever": Injected(_always(faults.Reset("request", times=None)), attempts=ATTEMPTS),
    "reset within the body": Injected(lambda at: faults.Reset("body", at)),
    "reset after the body": Injected(_always(faults.Reset("end"))),
    "body cut, in chunks": Injected(faults.Truncate),
    "body cut, length kept": Injected(lambda at: faults.Truncate(at, "full_length")),
    "body cut, length cut": Injected(lambda at: faults.Truncate(at, "short_length")),
    "body cut for ever": Injected(lambda _: faults.Truncate(1, times=None), attempts=ATTEMPTS),
    "one byte wrong": Injected(faults.Corrupt),
    "another JSON": Injected(_always(faults.WrongJson())),
    "a page of HTML": Injected(_always(faults.WrongContentType())),
    "JSON under a wrong name": Injected(_always(faults.WrongContentType("text/plain", body=None))),
    "gzip cut short": Injected(_always(faults.CutGzip())),
}

Outcome = str | type[RestreamError]
UNNOTICED: Final = "unnoticed"
AGAIN: Final = "again"
DONE: Final = "done"


def _parse_table(table: str) -> dict[tuple[str, Kind], Outcome]:
    """Return the outcome for each fault and kind of request that it can affect."""
    (_, *kinds), *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {
        (fault, Kind(kind)): cell if cell in {UNNOTICED, AGAIN, DONE} else getattr(exceptions, cell)
        for fault, *cells in rows
        for kind, cell in zip(kinds, cells, strict=True)
        if cell != "-"
    }


def _of_labels(fault: str, outcome: Outcome, of_records: Outcome) -> Outcome:
    """Return the outcome for labels: without them records are complete, unless the fault affects their request too."""
    if isinstance(outcome, str):
        return outcome
    return of_records if fault.endswith("for ever") or fault == "token expired" else DONE


_FOR_ALL: Final = _parse_table(OUTCOMES)
EXPECTED: Final = _FOR_ALL | {
    (fault, Kind.LABELS): _of_labels(fault, outcome, _FOR_ALL[fault, Kind.RECORDS])
    for (fault, kind), outcome in _FOR_ALL.items()
    if kind is Kind.READ
}
