"""Everything that can go wrong while talking to Restream, as one tree.

    RestreamError
    ├── ConfigurationError             a setting of the SDK cannot be used                      (also a ValueError)
    │   └── MissingCredentialsError    no token and no client credentials; raised before any request
    ├── NotLoadedError                 an attribute that is not loaded, or was not sent         (also an AttributeError)
    ├── UnusableValueError             an attribute that the service sent cannot be used        (also a ValueError)
    ├── ResumeError                    a save cannot go on from what an earlier one left; `path`
    ├── RoomTakenError                 live data is listened to already, here or under the same session key
    ├── BufferFullError                live data came faster than it was read, and that was to be an error
    └── CallError                      a call was made; `method` and `url` say which, `attempts` how often
        ├── NoConnectionError          the service was not reached, or the connection was lost  (also a ConnectionError)
        ├── CallTimeoutError           the service did not answer in time                       (also a TimeoutError)
        ├── AnswerError                the service answered with an error; `status`, `body`, `request_id`
        │   ├── BadRequestError        400 and other 4xx: the request is wrong; the body says how
        │   ├── AuthenticationError    401: the token is missing, invalid or expired; or the client credentials are
        wrong
        │   ├── ForbiddenError         403: no access to that pad or site
        │   ├── NotFoundError          404: no such object
        │   ├── RateLimited            429: too many calls at a time; `retry_after`
        │   └── ServerError            5xx: the service failed; `retry_after`
        ├── ContractError              the answer is not what the API contract says; `problems`
        │   ├── DriftFoundError        it says more than the contract does, and RESTREAM_DRIFT=error
        │   └── ObjectMismatchError    it is about another object than the one asked for
        ├── DataChangedError           records changed while they were downloaded, so that they cannot be resumed
        └── BodyError                  the records of an answer cannot be trusted; `offset`
            ├── TruncatedBodyError     the body broke off before its end
            └── CorruptBodyError       the body is not JSON at some byte

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


class RoomTakenError(RestreamError):
    """This program listens already to what one connection at a time may listen to: a room, or a session key."""


class BufferFullError(RestreamError):
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


class NoConnectionError(CallError, ConnectionError):
    """The service was not reached, or the connection was lost before the answer was complete."""

    sent: bool
    """False where the request certainly did not reach the service."""
    permanent: bool = False
    """Whether another attempt cannot help: the certificate is not trusted, or the proxy refuses. No other is made."""


class CallTimeoutError(CallError, TimeoutError):
    """The service did not answer in time."""

    sent: bool
    """False where the request certainly did not reach the service."""


class AnswerError(CallError):
    """The service answered with an error."""

    status: int
    """The HTTP status."""
    body: str
    """The beginning of the answer's body."""
    request_id: str | None
    """The id under which the service knows the request, if it gave one."""


class BadRequestError(AnswerError):
    """400 and other 4xx: the request is wrong; `body` says how, in the service's words."""


class AuthenticationError(AnswerError):
    """401: the token is missing, invalid or expired. From the token endpoint: the client credentials are wrong."""


class ForbiddenError(AnswerError):
    """403: the token gives no access to that pad or site."""


class NotFoundError(AnswerError):
    """404: there is no such object."""


class RateLimited(AnswerError):  # noqa: N818 - the event it names is its whole meaning, and users read `except RateLimited`
    """429: more calls at a time than the service allows. Also where the SDK itself would have had to wait."""


class ServerError(AnswerError):
    """5xx: the service failed."""


class ContractError(CallError):
    """The answer is not what the API contract says."""

    problems: tuple[str, ...] = ()
    """One line for each value that does not fit: where it stands, what was expected, what came."""


class DriftFoundError(ContractError):
    """The answer could be read, but holds what the API contract does not know; only where RESTREAM_DRIFT=error."""


class DriftWarning(UserWarning):
    """An answer holds what the API contract does not know; only where RESTREAM_DRIFT=warn."""


class DataChangedError(CallError):
    """The data changed while it was downloaded: after a break, delivered records are no longer in the response.

    What was delivered is neither the old data nor the new. Start the download again.
    """


class ObjectMismatchError(ContractError):
    """The answer is about another object than the one asked for, or does not show that it is about that one."""


class MismatchWarning(UserWarning):
    """Objects that were not asked for came in an answer, and are left out; once for each kind of difference."""


class BodyError(CallError):
    """The records of an answer cannot be trusted."""

    offset: int
    """Which byte of the (decompressed) body, counted from 0, is wrong, or missing where it broke off: the first with
    which the body cannot be the beginning of a sound one, wherever the network cut it into pieces."""


class TruncatedBodyError(BodyError):
    """The body ended before the JSON array of records was closed."""


class CorruptBodyError(BodyError):
    """The body is not a JSON array of records."""
