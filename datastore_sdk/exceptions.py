"""Everything that can go wrong while talking to Restream, as one tree.

    RestreamError
    ├── ConfigurationError              an option of the SDK is invalid                      (also a ValueError)
    │   └── MissingCredentialsError     no token and no client credentials; no request was made
    ├── NotLoadedError                  an attribute was not loaded, or was not sent         (also an AttributeError)
    ├── UnusableValueError              an attribute that the service sent is invalid        (also a ValueError)
    ├── ResumeError                     an interrupted save cannot be resumed; `path`
    ├── SchemaMismatchError             a value does not fit its column of a schema          (also a ValueError)
    ├── RoomInUseError                  this room or session key is already in use
    ├── BufferOverflowError             live records came faster than they were read, with `when_full="raise"`
    └── CallError                       a call failed; `method`, `url`, `attempts`
        ├── APIConnectionError          no connection, or it was lost                        (also a ConnectionError)
        ├── APITimeoutError             the service did not respond in time                  (also a TimeoutError)
        ├── APIStatusError              an error response; `status`, `body`, `request_id`
        │   ├── BadRequestError         400 and other 4xx: the body says what is wrong
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
    """The root of all errors of this SDK."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.args = (message,)  # OSError, a parent of two of the classes, would leave it empty
        self.message = message
        self.__dict__.update(details)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is unpickled (multiprocessing, Airflow) by calling its class with `args`, which would lose the
        # details.
        return _rebuild, (type(self), self.__dict__)


def _rebuild(kind: type[RestreamError], attributes: dict[str, Any]) -> RestreamError:
    error = kind.__new__(kind, attributes["message"])
    error.__dict__.update(attributes)
    return error


class ConfigurationError(RestreamError, ValueError):
    """A setting of the SDK cannot be used; the message says which one and what to do."""


class MissingCredentialsError(ConfigurationError):
    """There is neither a token nor a pair of client id and client secret."""


class NotLoadedError(RestreamError, AttributeError):
    """The object does not have the attribute: `update()` loads it, or the service did not send it."""


class UnusableValueError(RestreamError, ValueError):
    """A call needs an attribute of an object, and what the service sent as that attribute cannot be used."""


class ResumeError(RestreamError):
    """A save cannot go on from the `.partial` file of an earlier one; the message says why and what to do."""

    path: Path
    """The file."""


class SchemaMismatchError(RestreamError, ValueError):
    """A value does not fit its column of a `Schema`, and `on_mismatch="raise"`."""


class SchemaWarning(UserWarning):
    """Values did not fit their column of a `Schema` and are null, or fields were unknown and dropped; once a read."""


class RoomInUseError(RestreamError):
    """This program listens already to what one connection at a time may listen to: a room, or a session key."""


class BufferOverflowError(RestreamError):
    """Live data came faster than it was read, and `when_full="raise"` was asked for."""


class CallError(RestreamError):
    """A call to the service failed."""

    method: str
    """The HTTP method."""
    url: str
    """The URL, which never holds a secret."""
    final: bool = False
    """Whether the call must not be made again because of this error: it was for a token, and had its attempts."""
    attempts: int = 1
    """How often the call was made; of a download, since the last record that came."""
    retry_after: float | None = None
    """Seconds after which to try again: where the service said (429, 5xx), and where the SDK was not to wait."""

    def __init__(self, message: str, *, method: str, url: str, **details: Any) -> None:
        super().__init__(message, method=method, url=url, **details)


class APIConnectionError(CallError, ConnectionError):
    """The service was not reached, or the connection was lost before the answer was complete."""

    sent: bool
    """False where the request certainly did not reach the service."""
    permanent: bool = False
    """Whether another attempt cannot help: the certificate is not trusted, or the proxy refuses. No other is made."""


class APITimeoutError(CallError, TimeoutError):
    """The service did not answer in time."""

    sent: bool
    """False where the request certainly did not reach the service."""


class APIStatusError(CallError):
    """The service answered with an error."""

    status: int
    """The HTTP status."""
    body: str
    """The beginning of the answer's body."""
    request_id: str | None
    """The id under which the service knows the request, if it gave one."""


class BadRequestError(APIStatusError):
    """400 and other 4xx: the request is wrong; `body` says how, in the service's words."""


class AuthenticationError(APIStatusError):
    """401: the token is missing, invalid or expired. From the token endpoint: the client credentials are wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the token gives no access to that pad or site."""


class NotFoundError(APIStatusError):
    """404: there is no such object."""


class RateLimitError(APIStatusError):
    """429: more calls at a time than the service allows. Also where the SDK itself would have had to wait."""


class ServerError(APIStatusError):
    """5xx: the service failed."""


class ResponseValidationError(CallError):
    """The answer is not what the API contract says."""

    problems: tuple[str, ...] = ()
    """One line for each value that does not fit: where it stands, what was expected, what came."""


class DriftFoundError(ResponseValidationError):
    """The answer could be read, but holds what the API contract does not know; only where RESTREAM_DRIFT=error."""


class DriftWarning(UserWarning):
    """An answer holds what the API contract does not know; only where RESTREAM_DRIFT=warn."""


class DataChangedError(CallError):
    """The data changed while it was downloaded: after a break, delivered records are no longer in the response.

    What was delivered is neither the old data nor the new. Start the download again.
    """


class ObjectMismatchError(ResponseValidationError):
    """The answer is about another object than the one asked for, or does not show that it is about that one."""


class MismatchWarning(UserWarning):
    """Objects that were not asked for came in an answer, and are left out; once for each kind of difference."""


class BodyError(CallError):
    """The records of a response are incomplete or corrupt."""

    offset: int
    """Offset in bytes, in the decompressed body: where the last whole record ends if the body is corrupt; where the
    body ended if it is truncated. It does not depend on network chunks."""


class TruncatedBodyError(BodyError):
    """The body ended before the JSON array of records was closed."""


class CorruptBodyError(BodyError):
    """The body is not a JSON array of records."""
