"""Answers that are damaged on their way out."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from functools import partial

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from datastore_sdk.sandbox.api.connection import Line
from datastore_sdk.sandbox.faults.http_faults import (
    CallFault,
    Corrupt,
    CutGzip,
    Drip,
    Reset,
    Stall,
    Truncate,
    WrongContentType,
    WrongJson,
)

_START = "http.response.start"
_ALL_BITS = 0xFF

Rewrite = Callable[[bytes, MutableHeaders], bytes]
"""What comes in place of a body; may change the headers too."""


def damaged(fault: CallFault, line: Line, send: Send) -> Send:
    """Sends an answer as a fault has it."""
    if rewrite := _rewrite_of(fault):
        return _rewritten(send, rewrite)
    match fault:
        case Stall():
            sending = _interrupted(send, fault.at, partial(line.silence, fault.seconds))
        case Reset(moment="end"):
            sending = _followed(send, line.reset)
        case Reset():
            sending = _interrupted(send, fault.at, line.reset)
        case Truncate(framing="full_length"):
            sending = _rewritten(_interrupted(send, fault.at, line.close), _as_it_is)
        case Truncate():
            ending = _once(_without_length(send))
            sending = _interrupted(ending, fault.at, partial(ending, _body(b"", more=False)))
        case Corrupt():
            sending = _corrupted(send, fault.at)
        case Drip():
            sending = _in_drops(send, fault, line)
        case _:
            raise NotImplementedError(fault)
    return sending


def makes_anew(fault: CallFault) -> bool:
    """Whether a fault makes another body of the true one."""
    return isinstance(fault, CutGzip | WrongJson | WrongContentType)


def _rewrite_of(fault: CallFault) -> Rewrite | None:
    """What a fault makes of a whole body; None where it leaves its bytes alone or meets them on their way."""
    match fault:
        case Truncate(framing="short_length"):
            return lambda content, _: content[: fault.at]
        case CutGzip():
            return partial(_cut_gzip, fault)
        case WrongJson():
            return lambda _content, _headers: orjson.dumps(fault.content)
        case WrongContentType():
            return partial(_misnamed, fault)
        case _:
            return None


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _interrupted(send: Send, at: int, interrupt: Callable[[], Awaitable[object]]) -> Send:
    """Interrupts a body once after so many bytes, or at the end of a shorter one."""
    left, whole = at, True

    async def interrupted(message: Message) -> None:
        nonlocal left, whole
        if message["type"] == _START or not whole:
            await send(message)
            return
        content, more = message.get("body", b""), message.get("more_body", False)
        whole = more and len(content) < left
        await send(_body(content[:left], more=True))
        if not whole:
            await interrupt()
            await send(_body(content[left:], more=more))
        left -= len(content)

    return interrupted


def _followed(send: Send, follow: Callable[[], Awaitable[None]]) -> Send:
    """Does something after the answer."""

    async def followed(message: Message) -> None:
        await send(message)
        if message["type"] != _START and not message.get("more_body", False):
            await follow()

    return followed


def _once(send: Send) -> Send:
    """Sends nothing more after the end of the body."""
    ended = False

    async def once(message: Message) -> None:
        nonlocal ended
        if not ended:
            ended = message["type"] != _START and not message.get("more_body", False)
            await send(message)

    return once


def _without_length(send: Send) -> Send:
    """Leaves `Content-Length` out, so that the body goes out in chunks."""

    async def without_length(message: Message) -> None:
        if message["type"] == _START:
            del MutableHeaders(raw=message["headers"])["content-length"]
        await send(message)

    return without_length


def _corrupted(send: Send, at: int) -> Send:
    """Turns the bits of one byte of the body."""
    begin = 0

    async def corrupted(message: Message) -> None:
        nonlocal begin
        if message["type"] != _START:
            content = bytearray(message.get("body", b""))
            if begin <= at < begin + len(content):
                content[at - begin] ^= _ALL_BITS
                message = {**message, "body": bytes(content)}
            begin += len(content)
        await send(message)

    return corrupted


def _in_drops(send: Send, fault: Drip, line: Line) -> Send:
    """Sends a body in drops."""

    async def in_drops(message: Message) -> None:
        content = message.get("body", b"")
        for begin in range(0, len(content), fault.size):
            await send(_body(content[begin : begin + fault.size], more=True))
            await line.silence(fault.seconds)
        await send({**message, "body": b""} if content else message)

    return in_drops


def _rewritten(send: Send, rewrite: Rewrite) -> Send:
    """Sends another body, with its length; the first one is collected for that."""
    start: Message = {}
    collected = bytearray()

    async def rewritten(message: Message) -> None:
        nonlocal start
        if message["type"] == _START:
            start = message
            return
        collected.extend(message.get("body", b""))
        if not message.get("more_body", False):
            headers = MutableHeaders(raw=start["headers"])
            content = rewrite(bytes(collected), headers) if collected else b""
            headers["content-length"] = str(len(content))
            await send(start)
            await send(_body(content, more=False))

    return rewritten


def _as_it_is(content: bytes, _headers: MutableHeaders) -> bytes:
    return content


def _cut_gzip(fault: CutGzip, content: bytes, headers: MutableHeaders) -> bytes:
    headers["content-encoding"] = "gzip"
    compressed = gzip.compress(content, mtime=0)
    return compressed[: max(0, len(compressed) - fault.missing)]


def _misnamed(fault: WrongContentType, content: bytes, headers: MutableHeaders) -> bytes:
    headers["content-type"] = fault.content_type
    return content if fault.body is None else fault.body.encode()
