"""What becomes of a call, one request of which meets a fault: the promise of the transport, as a table.

- `unnoticed`: the call succeeds, and nothing more is asked.
- `again`: it succeeds after the request was made again; of records, the rest was asked for.
- `done`: it succeeds, and nothing more is asked; only what was answered is lost (of a write, or the labels of records).
- an error: it fails with that, after as many attempts as `FAULTS` says.
- `-`: the fault does nothing to such a request.

A request that creates is never made again where the service may have carried it out: there the error is right, and the
caller looks. A deletion is made again; if the service had carried it out already, it knows the object no more.
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
"""How often the clients of these tests make a call at most; for a token, three times."""
AMID: Final = 2_000
"""At which byte records are damaged; any other body is at the first."""

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
no answer                   | again              | again              | APITimeoutError   | again              | again              | again
body stops for a moment     | unnoticed          | unnoticed          | unnoticed          | unnoticed          | -                  | unnoticed
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
    """A fault, and what is particular about the call that meets it."""

    fault: Callable[[int], CallFault]
    """Made for the byte at which the body is damaged."""
    attempts: int = 1
    """How often the request is made at most before an error is raised, where it may be made again."""
    waits: float = 0.0
    """Seconds to wait before the next attempt, at least."""
    impatient: bool = False
    """Whether the client waits for bytes only for a moment."""
    managed: bool = False
    """Whether the client has client credentials instead of a token."""


def _status(status: int, **options: object) -> Callable[[int], CallFault]:
    return lambda _: faults.Status(status, **options)  # type: ignore[arg-type]


def _whatever(fault: CallFault) -> Callable[[int], CallFault]:
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
    "token expired": Injected(_whatever(faults.ExpireToken())),
    "token expired, renewable": Injected(_whatever(faults.ExpireToken()), managed=True),
    "403": Injected(_status(403)),
    "404": Injected(_status(404)),
    "302 to another host": Injected(_status(302, headers={"Location": "http://elsewhere.invalid/"})),
    "late": Injected(_whatever(faults.Delay(0.001))),
    "no answer": Injected(_whatever(faults.Delay()), impatient=True),
    "body stops for a moment": Injected(lambda at: faults.Stall(at, 0.001)),
    "body stops": Injected(faults.Stall, impatient=True),
    "body drips": Injected(_whatever(faults.Drip(97))),
    "reset before": Injected(_whatever(faults.Reset("request"))),
    "reset, but carried out": Injected(_whatever(faults.Reset("processed")), attempts=2),
    "reset for ever": Injected(_whatever(faults.Reset("request", times=None)), attempts=ATTEMPTS),
    "reset within the body": Injected(lambda at: faults.Reset("body", at)),
    "reset after the body": Injected(_whatever(faults.Reset("end"))),
    "body cut, in chunks": Injected(faults.Truncate),
    "body cut, length kept": Injected(lambda at: faults.Truncate(at, "full_length")),
    "body cut, length cut": Injected(lambda at: faults.Truncate(at, "short_length")),
    "body cut for ever": Injected(lambda _: faults.Truncate(1, times=None), attempts=ATTEMPTS),
    "one byte wrong": Injected(faults.Corrupt),
    "another JSON": Injected(_whatever(faults.WrongJson())),
    "a page of HTML": Injected(_whatever(faults.WrongContentType())),
    "JSON under a wrong name": Injected(_whatever(faults.WrongContentType("text/plain", body=None))),
    "gzip cut short": Injected(_whatever(faults.CutGzip())),
}

Outcome = str | type[RestreamError]
UNNOTICED: Final = "unnoticed"
AGAIN: Final = "again"
DONE: Final = "done"


def _parsed(table: str) -> dict[tuple[str, Kind], Outcome]:
    """The outcome for each fault and kind of request, where it can be met."""
    (_, *kinds), *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {
        (fault, Kind(kind)): cell if cell in {UNNOTICED, AGAIN, DONE} else getattr(exceptions, cell)
        for fault, *cells in rows
        for kind, cell in zip(kinds, cells, strict=True)
        if cell != "-"
    }


def _of_labels(fault: str, outcome: Outcome, of_records: Outcome) -> Outcome:
    """Records come without labels, unless the fault meets their own request too."""
    if isinstance(outcome, str):
        return outcome
    return of_records if fault.endswith("for ever") or fault == "token expired" else DONE


_FOR_ALL: Final = _parsed(OUTCOMES)
EXPECTED: Final = _FOR_ALL | {
    (fault, Kind.LABELS): _of_labels(fault, outcome, _FOR_ALL[fault, Kind.RECORDS])
    for (fault, kind), outcome in _FOR_ALL.items()
    if kind is Kind.READ
}
