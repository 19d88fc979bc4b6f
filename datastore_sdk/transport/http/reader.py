"""Reads answers off channels. Here alone httptools is known: the parser of Node.js as a Python module.

What its callbacks raise is lost, and Ctrl-C may come in whatever Python runs. So they are methods of lists.
"""

from __future__ import annotations

import re
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from datastore_sdk.transport.http.channels import Channel
from datastore_sdk.transport.http.patience import Patience

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LONGEST_FRAME = 1 << 16
"""The most bytes that may come without content: as a head, between chunks, or behind the last of them."""
_MARKS = 2
"""How many an answer leaves: where it begins, and where its head is whole."""


class MalformedAnswerError(Exception):
    """What came is no HTTP, or its framing is broken."""


class Reader:
    """The answer to one request, as it comes.

    Args:
        channel: What it comes over.
        patience: How long it is waited for.
    """

    def __init__(self, channel: Channel, patience: Patience) -> None:
        self.patience = patience
        self.status = 0
        self.headers: dict[str, str] = {}
        """By name, in lower case; one that comes several times is a list, as HTTP has it."""
        self._channel = channel
        self._marks: list[None] = []
        self._contents: list[bytes | None] = []  # None: the end
        self._parser = _parser(self._marks, self._contents)
        self._content = 0  # bytes of it that were handed over
        self._frame = 0  # bytes that came since some content did
        self._ended = False
        self._alone = True  # whether nothing came behind it
        self._broken: MalformedAnswerError | None = None

    @property
    def reusable(self) -> bool:
        """Whether the channel can carry another request: known when the body was read to its end."""
        said = self.headers.get("connection", "").lower()
        stays = "close" not in said and ("keep-alive" in said or self._parser.get_http_version() != "1.0")
        return self._ended and self._alone and stays and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    def read_head(self) -> None:
        """Reads status and headers. What a service says before its answer (103 Early Hints) is passed over.

        Raises:
            OSError: They did not come.
            MalformedAnswerError: What came is none.
            OutOfTime: They are not waited for any more.
        """
        head = rest = b""
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            head, rest = self._next_head(rest)
            self._marks.clear()
            self._ended = False
            self._parse(head)
            if self._broken or len(self._marks) != _MARKS:
                raise self._broken or MalformedAnswerError("its beginning makes no sense")
            self.status = self._parser.get_status_code()
        self.headers = _headers(head)
        if rest:
            self._parse(rest)

    def piece(self) -> bytes:
        """The next piece of the body; empty at its end. Raises what `read_head` does."""
        contents = cast("list[bytes]", self._contents)
        while not contents:
            if self._ended or not self._feed():
                return b""
        content = contents[0] if len(contents) == 1 else b"".join(contents)
        contents.clear()
        self._content += len(content)
        return content

    def _next_head(self, received: bytes) -> tuple[bytes, bytes]:
        """What comes up to a blank line, and what came behind it."""
        while not (end := _BLANK_LINE.search(received)):
            if len(received) > _LONGEST_FRAME:
                raise MalformedAnswerError("its beginning does not end")
            if not (data := self._receive()):
                raise ConnectionResetError("the connection was closed before the answer's beginning was whole")
            received = (received + data).lstrip(b"\r\n")
        return received[: end.end()], received[end.end() :]

    def _feed(self) -> bool:
        """Takes in what comes next; False where the body ends with the connection."""
        if self._broken:
            raise self._broken
        if not (data := self._receive()):
            self._look_whether_whole()
            self._ended, self._alone = True, False
            return False
        self._parse(data)
        self._frame = 0 if self._contents else self._frame + len(data)
        if self._frame > _LONGEST_FRAME and not self._ended:
            raise MalformedAnswerError("its framing does not end")
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
            self._broken = MalformedAnswerError(str(error))  # raised when what came before was handed over

    def _receive(self) -> bytes:
        self._channel.wait_at_most(self.patience.left())
        if data := self._channel.receive():
            self.patience.came()
        return data

    def _look_whether_whole(self) -> None:
        """HTTP libraries do not notice a body that is too short."""
        headers = self.headers
        if "transfer-encoding" in headers:
            short = headers["transfer-encoding"].lower().endswith("chunked")
            what = "before"
        else:
            left = int(headers.get("content-length", 0)) - self._content
            short = left > 0
            what = f"{left} bytes before"
        if short:
            raise ConnectionResetError(f"the connection was closed {what} the body's end")


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
    # As other clients: spaces behind sizes, bare line feeds, and a length beside the chunks, which counts nothing.
    parser.set_dangerous_leniencies(
        lenient_chunked_length=True, lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True
    )
    return parser


def _headers(head: bytes) -> dict[str, str]:
    """The headers of a head that the parser has found to be sound."""
    headers: dict[str, str] = {}
    for line in head.splitlines()[1:]:
        name, _, text = line.decode("latin-1").partition(":")
        key, value = name.lower(), text.strip()
        if key:
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
