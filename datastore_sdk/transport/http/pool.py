"""Requests over connections that are kept and used again.

HTTP libraries take longer for a small call than the network does, and several times as long for a large body. What they
can do beyond, through SOCKS proxies for one, is left to `over_httpx.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from datastore_sdk.exceptions import NoConnectionError
from datastore_sdk.transport.effects import Answer, OutOfTime, Request
from datastore_sdk.transport.http.channels import Channel
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.idle import Idle
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.patience import NEVER, Patience, moment
from datastore_sdk.transport.http.proxies import Proxy
from datastore_sdk.transport.http.reader import MalformedAnswerError, Reader
from datastore_sdk.transport.http.tunnels import Origin, connected

if TYPE_CHECKING:
    import ssl

_PORTS = {"http": 80, "https": 443}
_WITH_CONTENT = frozenset({"POST", "PUT", "PATCH"})

GiveBack = Callable[[Channel], None]
"""Takes a channel whose answer was read to its end."""


class Pool:
    """Sends requests, each over a channel that no other uses meanwhile.

    Args:
        context: Makes the context that TLS takes; called when it is needed first, for it takes long.
        proxy: Through which all of them go; None: there is none.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext], proxy: Proxy | None = None) -> None:
        self._make_context = context
        self._proxy = proxy
        self._idle = Idle()

    def open(self, request: Request, line: Line, seconds: float | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        url = urlsplit(request.url)
        origin = url.scheme, url.hostname or "", url.port or _PORTS[url.scheme]
        idle, asked = self._idle, _Asked(request, url, line, self._proxy, moment(seconds))
        give_back = partial(idle.put, origin)
        while channel := idle.take(origin):
            try:
                return _answer(asked, channel, give_back)
            except NoConnectionError as error:
                # A server may close an idle connection just as it is used again; it has not looked at the request then.
                if line.ended or request.method == "POST" or not isinstance(error.__cause__, ConnectionError):
                    raise
        return _answer(asked, self._connected(origin, asked), give_back)

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as soon as they no longer are."""
        idle, self._idle = self._idle, Idle()
        idle.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._make_context()

    def _connected(self, origin: Origin, asked: _Asked) -> Channel:
        proxy, seconds = asked.proxy, asked.request.timeouts.connect
        if proxy and asked.is_plain:  # the proxy is told where to ask; to other servers it opens a tunnel
            origin, way = (proxy.scheme, proxy.host, proxy.port), None
        else:
            way = proxy
        patience = Patience(seconds, "connect", until=asked.until)
        try:
            return connected(origin, proxy=way, seconds=patience.left(), context=lambda: self._context, line=asked.line)
        except (OSError, UnicodeError) as error:  # the latter is about the host's name
            raise _failure(error, asked, patience, sent=False, way=str(proxy or "")) from error


class _Asked(Struct, eq=False):
    """A request, and how it is made."""

    request: Request
    url: SplitResult
    line: Line
    proxy: Proxy | None
    until: float
    """When its answer is not waited for any more."""

    @property
    def is_plain(self) -> bool:
        """Whether it goes without encryption."""
        return self.url.scheme == "http"


def _answer(asked: _Asked, channel: Channel, give_back: GiveBack) -> Answer:
    """The answer over a channel, which is closed where there is none."""
    line, request = asked.line, asked.request
    line.socket = lambda: channel.socket
    patience = _patience_for(asked)
    reader = Reader(channel, patience)
    try:
        _send(asked, channel, patience)
        reader.read_head()
    except BaseException as error:
        line.socket = None
        channel.close()
        if isinstance(error, OSError | MalformedAnswerError):
            raise _failure(error, asked, patience, sent=True) from error
        raise
    if request.streamed:
        patience.each, patience.each_name, patience.end = request.timeouts.idle, "idle", NEVER
    body = _Body(asked, channel, reader, give_back)
    return Answer(reader.status, reader.headers, body, drop=body.close)


def _send(asked: _Asked, channel: Channel, patience: Patience) -> None:
    if asked.line.ended:  # whoever hung up before there was a connection could not end it
        raise ConnectionAbortedError("hung up")
    channel.wait_at_most(patience.left())
    channel.send(_written(asked))


def _failure(error: Exception, asked: _Asked, patience: Patience, *, sent: bool, way: str = "") -> Exception:
    late = isinstance(error, TimeoutError)
    if late and patience.is_over:
        return OutOfTime()
    return failure(patience.late() if late else error, asked.request, late=late, sent=sent, way=way)


def _patience_for(asked: _Asked) -> Patience:
    request, timeouts = asked.request, asked.request.timeouts
    if request.streamed:
        return Patience(timeouts.first_byte, "first_byte", timeouts.first_byte, "first_byte", asked.until)
    return Patience(timeouts.read, "read", timeouts.answer, "answer", asked.until)


def _written(asked: _Asked) -> bytes:
    """A request as it goes over the wire."""
    request, url, proxy = asked.request, asked.url, asked.proxy
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    headers = {"Host": url.netloc, **request.headers}
    if proxy and asked.is_plain:
        target = request.url
        headers.update(proxy.headers)
    content = request.content or b""
    if content or request.method in _WITH_CONTENT:
        headers["Content-Length"] = str(len(content))
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if " " in target or not all(map(str.isprintable, lines)):
        raise ValueError("a space, a line break or the like stands in a request where it would end something")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


class _Body:
    """The body of an answer."""

    def __init__(self, asked: _Asked, channel: Channel, reader: Reader, give_back: GiveBack) -> None:
        self.line = asked.line
        self._asked = asked
        self._channel = channel
        self._reader = reader
        self._give_back = give_back
        self._ended = False

    def read(self, seconds: float | None = None) -> bytes:
        """The next piece; empty at the end.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        if self._ended:
            return b""
        patience = self._reader.patience
        patience.until = moment(seconds)
        try:
            piece = self._reader.piece()
        except (OSError, MalformedAnswerError) as error:
            raise _failure(error, self._asked, patience, sent=True) from error
        if not piece:
            self._end()
        return piece

    def close(self) -> None:
        """Drops the connection, unless the body was read to its end and the connection given back."""
        self.line.socket = None
        if not self._ended:
            self._channel.close()

    def _end(self) -> None:
        self._ended = True
        self.line.socket = None  # the connection may be another call's from now on
        if self._reader.reusable:
            self._give_back(self._channel)
        else:
            self._channel.close()
