"""HTTP/1.1 response parser. The only module that imports httptools: the parser of Node.js as a Python module.

The parser swallows exceptions of its callbacks, and Ctrl-C may raise in any Python code. So its callbacks are methods
of lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

Headers = list[tuple[bytes, bytes]]

MAX_HEAD_BYTES = 1 << 16
"""Maximum size in bytes of a head, of the framing between chunks, and of trailers."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_FRAMING = frozenset({b"connection", b"content-length", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""The only headers that the parser gets: it refuses what other clients read, such as folded lines."""
_MARKS = 2
"""Number of marks of a response: at its beginning, and at the end of its head."""


class MalformedResponseError(Exception):
    """The bytes are not HTTP, or their framing is broken."""


class IncompleteResponseError(Exception):
    """The connection was closed before the end of the response."""


class ResponseParser:
    """Reads the response to one request.

    Args:
        read: Returns the next bytes of the connection; empty at the end.
    """

    def __init__(self, read: Callable[[], bytes]) -> None:
        self.status = 0
        self.headers: Headers = []
        self.reason = b""
        self.remainder = b""
        """Bytes after a switch to another protocol (101)."""
        self._read = read
        self._framing: dict[bytes, bytes] = {}
        self._marks: list[None] = []
        self._contents: list[bytes | None] = []  # None: the end
        self._parser = _parser(self._marks, self._contents)
        self._content = 0  # bytes of content returned so far
        self._frame = 0  # bytes received since the last content
        self._ended = False
        self._alone = True  # whether no bytes came after the response
        self._broken: MalformedResponseError | None = None

    @property
    def http_version(self) -> str:
        """The version of the response, such as "1.1"."""
        return self._parser.get_http_version()

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request; known when the body was read completely."""
        said = self._framing.get(b"connection", b"").lower()
        stays = b"close" not in said and (b"keep-alive" in said or self.http_version != "1.0")
        return self._ended and self._alone and stays and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    def read_head(self) -> None:
        """Read status and headers. Interim responses (103 Early Hints) are skipped.

        Raises:
            IncompleteResponseError: The connection was closed before.
            MalformedResponseError: The bytes are not HTTP.
        """
        remainder = b""
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            head, remainder = self._next_head(remainder)
            parsed = parse_head(head)
            self._framing = _framing(parsed.headers)
            self._marks.clear()
            self._ended = False
            self._parse(_format_head(parsed.line, self._framing))
            if self._broken or len(self._marks) != _MARKS:
                raise self._broken or MalformedResponseError("its head is not that of an HTTP response")
            self.status, self.headers, self.reason = self._parser.get_status_code(), parsed.headers, parsed.reason
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.remainder = remainder
        elif remainder:
            self._parse(remainder)

    def read_body(self) -> bytes:
        """Return the next piece of the body; empty at the end. Raises the errors of `read_head`."""
        contents = cast("list[bytes]", self._contents)
        while not contents:
            if self._ended or not self._feed():
                return b""
        content = contents[0] if len(contents) == 1 else b"".join(contents)
        contents.clear()
        self._content += len(content)
        return content

    def _next_head(self, received: bytes) -> tuple[bytes, bytes]:
        """Return the bytes up to a blank line, and those after it."""
        while not (end := _BLANK_LINE.search(received)):
            if len(received) > MAX_HEAD_BYTES:
                raise MalformedResponseError(f"its head is longer than {MAX_HEAD_BYTES} bytes")
            if not (data := self._read()):
                raise IncompleteResponseError("the connection was closed before the head of the response was complete")
            received = (received + data).lstrip(b"\r\n")
        return received[: end.end()], received[end.end() :]

    def _feed(self) -> bool:
        """Parse the next bytes; False if the body ends with the connection."""
        if self._broken:
            raise self._broken
        if not (data := self._read()):
            self._check_complete()
            self._ended, self._alone = True, False
            return False
        self._parse(data)
        self._frame = 0 if self._contents else self._frame + len(data)
        if self._frame > MAX_HEAD_BYTES and not self._ended:
            raise MalformedResponseError(f"its framing is longer than {MAX_HEAD_BYTES} bytes")
        return True

    def _parse(self, data: bytes) -> None:
        contents, marks = self._contents, self._marks
        error = None
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as raised:
            error = raised
        if contents and (contents[-1] is None or len(marks) > _MARKS):
            self._ended = True
            self._alone = error is None and len(marks) == _MARKS
            del contents[contents.index(None) :]
        elif error:
            self._broken = MalformedResponseError(str(error))  # raised after the content before it was returned

    def _check_complete(self) -> None:
        """Raise an error if the body is incomplete, which HTTP libraries do not notice."""
        if b"transfer-encoding" in self._framing:
            short, what = self._framing[b"transfer-encoding"].lower().endswith(b"chunked"), "before"
        else:
            left = int(self._framing.get(b"content-length", 0)) - self._content
            short, what = left > 0, f"{left} bytes before"
        if short:
            raise IncompleteResponseError(f"the connection was closed {what} the end of the body")


class Head(NamedTuple):
    """Status line and headers of a response."""

    line: bytes
    headers: Headers

    @property
    def reason(self) -> bytes:
        """The reason phrase."""
        return self.line.split(b" ", 2)[2].strip() if self.line.count(b" ") > 1 else b""


def parse_head(head: bytes) -> Head:
    """Return the parts of a head as lenient clients read them: folded lines are joined, any character is a value's.

    Raises:
        MalformedResponseError: A line is not a header.
    """
    line, *lines = _LINE_END.split(head.rstrip(b"\r\n"))
    headers: Headers = []
    for each in lines:
        name, colon, value = each.partition(b":")
        if each[:1] in (b" ", b"\t") and headers:  # continues the line before
            headers[-1] = headers[-1][0], headers[-1][1] + b" " + each.strip()
        elif colon and name.strip():
            headers.append((name.strip(), value.strip(b" \t\r")))
        else:
            raise MalformedResponseError(f"{each[:80]!r} is not a header")
    return Head(line, headers)


def _framing(headers: Headers) -> dict[bytes, bytes]:
    """Return the headers that say how long the response is, by their names in lower case."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name.lower() in _FRAMING:
            found.setdefault(name.lower(), []).append(value)
    framing = {name: b", ".join(values) for name, values in found.items()}
    if lengths := {length.strip() for length in framing.get(b"content-length", b"").split(b",")} - {b""}:
        if len(lengths) > 1:
            raise MalformedResponseError(f"it has different lengths: Content-Length {framing[b'content-length']!r}")
        framing[b"content-length"] = lengths.pop()
    codings = [each.strip() for each in framing.pop(b"transfer-encoding", b"").split(b",")]
    if codings := [each for each in codings if each and each.lower() != b"identity"]:
        framing[b"transfer-encoding"] = b", ".join(codings)
    return framing


def _format_head(line: bytes, framing: dict[bytes, bytes]) -> bytes:
    return b"".join([line, b"\r\n", *(b"%b: %b\r\n" % header for header in framing.items()), b"\r\n"])


def _parser(marks: list[None], contents: list[bytes | None]) -> HttpResponseParser:
    mark = partial(marks.append, None)
    parser = HttpResponseParser(
        SimpleNamespace(
            on_message_begin=mark,
            on_headers_complete=mark,
            on_body=contents.append,
            on_message_complete=partial(contents.append, None),
        )
    )
    # Accept what other clients accept: spaces after sizes, bare line feeds, and a Content-Length of chunked bodies.
    parser.set_dangerous_leniencies(
        lenient_chunked_length=True, lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True
    )
    return parser
