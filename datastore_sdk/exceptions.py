"""Errors of the SDK, as one tree.

    RestreamError
    ├── ConfigurationError              an option of the SDK is invalid                      (also a ValueError)
    │   └── MissingCredentialsError     no token and no client credentials; no request was made
    ├── NotLoadedError                  an attribute was not loaded, or was not sent         (also an AttributeError)
    ├── UnusableValueError              an attribute that the service sent is invalid        (also a ValueError)
    ├── NoRecordsError                  there is nothing to plot                             (also a ValueError)
    ├── ResumeError                     an interrupted save cannot be resumed; `path`
    ├── SchemaMismatchError             a value does not fit its column of a schema          (also a ValueError)
    ├── MirrorError                     the store of a mirror failed, or is not usable
    │   └── MirrorConflictError         another mirror has written to the store meanwhile
    ├── RoomInUseError                  this room or session key is already in use
    ├── BufferOverflowError             live records came faster than they were read, with `when_full="raise"`
    └── CallError                       a call failed; `method`, `url`, `attempts`
        ├── APIConnectionError          no connection, or it was lost                        (also a ConnectionError)
        ├── APITimeoutError             the service did not respond in time                  (also a TimeoutError)
        ├── APIStatusError              an error response; `status`, `body`, `request_id`
        │   ├── BadRequestError         400 and other 4xx: the body gives the reason
        │   ├── AuthenticationError     401: the token is missing, invalid or expired
        │   ├── PermissionDeniedError   403: no access to that pad or site
        │   ├── NotFoundError           404: no such object
        │   ├── RateLimitError          429: too many concurrent calls; `retry_after`
        │   └── ServerError             5xx: the service failed; `retry_after`
        ├── ResponseValidationError     the response does not fit the API contract; `problems`
        │   ├── DriftFoundError         it holds more than the contract knows, with RESTREAM_DRIFT=error
        │   └── ObjectMismatchError     it is about another object than the one requested
        ├── DataChangedError            records changed during the download, so it cannot resume
        └── BodyError                   the records of a response are incomplete or corrupt; `offset`
            ├── TruncatedBodyError      the body ended too early
            └── CorruptBodyError        the body is not valid JSON

Wrong arguments are not in the tree: they raise ValueError or TypeError before any request is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class RestreamError(Exception):
    """Base class of all errors of the SDK."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.args = (message,)  # OSError, a base of two of the classes, would leave it empty
        self.message = message
        self.__dict__.update(details)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # By default, unpickling (multiprocessing, Airflow) calls the class with `args`, which would lose the details.
        return _rebuild, (type(self), self.__dict__)


def _rebuild(kind: type[RestreamError], attributes: dict[str, Any]) -> RestreamError:
    error = kind.__new__(kind, attributes["message"])
    error.__dict__.update(attributes)
    return error


class ConfigurationError(RestreamError, ValueError):
    """An option of the SDK is invalid. The message names the option and its source, and says what to do."""


class MissingCredentialsError(ConfigurationError):
    """There is no token and no pair of client id and client secret. No request was made."""


class NotLoadedError(RestreamError, AttributeError):
    """An attribute of an object was not loaded; call `update()`. Or the service did not send it."""


class UnusableValueError(RestreamError, ValueError):
    """A call needs an attribute of an object, and the value that the service sent for it is invalid."""


class NoRecordsError(RestreamError, ValueError):
    """There is nothing to plot: no record of the range has a value of the fields."""


class ResumeError(RestreamError):
    """An interrupted save cannot resume from its `.partial` or `.unfinished` file. The message says what to do."""

    path: Path
    """Path of that file."""


class SchemaMismatchError(RestreamError, ValueError):
    """A value does not fit its column of a `Schema`, and `on_mismatch="raise"`."""


class SchemaWarning(UserWarning):
    """Values did not fit their column of a `Schema` and are null, or fields were unknown and dropped; once a read."""


class MirrorError(RestreamError):
    """A `Mirror` cannot work with its store. The message says why and what to do. Nothing was stored by halves."""


class MirrorConflictError(MirrorError):
    """Another mirror has written to the same site of the store meanwhile. This one stored nothing; run it again."""


class RoomInUseError(RestreamError):
    """This program already has a connection to this room or with this session key; the service allows one."""


class BufferOverflowError(RestreamError):
    """Live records arrived faster than the program read them, and `when_full` is `"raise"`."""


class CallError(RestreamError):
    """A call to the service failed."""

    method: str
    """The HTTP method."""
    url: str
    """The URL, without secrets."""
    final: bool = False
    """True if the call must not be retried: it was a token request that has had all its attempts."""
    attempts: int = 1
    """Number of attempts; for a download, since the last received record."""
    retry_after: float | None = None
    """Seconds to wait before a retry, if the service sent them (429, 5xx) or the retry policy forbids waiting."""

    def __init__(self, message: str, *, method: str, url: str, **details: Any) -> None:
        super().__init__(message, method=method, url=url, **details)


class APIConnectionError(CallError, ConnectionError):
    """There was no connection to the service, or it was lost before the response was complete."""

    sent: bool
    """False if the request certainly did not reach the service."""
    permanent: bool = False
    """True if a retry cannot help: the certificate is not trusted, or the proxy rejects the connection."""


class APITimeoutError(CallError, TimeoutError):
    """The service did not respond before a timeout or the deadline."""

    sent: bool
    """False if the request certainly did not reach the service."""


class APIStatusError(CallError):
    """The service returned an error response."""

    status: int
    """The HTTP status."""
    body: str
    """The beginning of the response body."""
    request_id: str | None
    """The id that the service assigned to the request, or None."""


class BadRequestError(APIStatusError):
    """400 and other 4xx: the request is invalid; `body` says why, in the words of the service."""


class AuthenticationError(APIStatusError):
    """401: the token is missing, invalid or expired. From the token endpoint: the client credentials are wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the token has no access to that pad or site."""


class NotFoundError(APIStatusError):
    """404: there is no such object."""


class RateLimitError(APIStatusError):
    """429: too many concurrent calls. Also raised if the retry policy forbids waiting for a free slot."""


class ServerError(APIStatusError):
    """5xx: the service failed."""


class ResponseValidationError(CallError):
    """The response does not fit the API contract."""

    problems: tuple[str, ...] = ()
    """One line for each value that does not fit: its location, the expected type and the received value."""


class DriftFoundError(ResponseValidationError):
    """The response contains fields or values that the API contract does not know; with RESTREAM_DRIFT=error only."""


class DriftWarning(UserWarning):
    """A response contains fields or values that the API contract does not know; with RESTREAM_DRIFT=warn only."""


class DataChangedError(CallError):
    """Records changed during a download: after an interruption, delivered records are not in the response any more.

    The delivered records are a mixture of old and new data. Start the download again.
    """


class ObjectMismatchError(ResponseValidationError):
    """The response is about another object than the requested one, or does not identify its object."""


class MismatchWarning(UserWarning):
    """A response contained objects that were not requested; they are dropped. Once for each kind of difference."""


class BodyError(CallError):
    """The records of a response are incomplete or corrupt."""

    offset: int
    """Offset in bytes, in the decompressed body: where the last whole record ends if the body is corrupt; where the
    body ended if it is truncated. It does not depend on network chunks."""


class TruncatedBodyError(BodyError):
    """The body ended before the JSON array of records was closed."""


class CorruptBodyError(BodyError):
    """The body is not a JSON array of records."""
