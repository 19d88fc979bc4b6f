"""Faults of response bodies."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from functools import partial

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from datastore_sdk.sandbox.api.connection import ClientConnection
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
"""Function that replaces a body; it may change the headers too."""


def apply_fault(fault: CallFault, line: ClientConnection, send: Send) -> Send:
    """Send a response with a fault applied."""
    if rewrite := _rewrite_of(fault):
        return _rewrite(send, rewrite)
    match fault:
        case Stall():
            sending = _interrupt(send, fault.at, partial(line.silence, fault.seconds))
        case Reset(when="end"):
            sending = _run_after(send, line.reset)
        case Reset():
            sending = _interrupt(send, fault.at, line.reset)
        case Truncate(framing="full_length"):
            sending = _rewrite(_interrupt(send, fault.at, line.close), _pass_through)
        case Truncate():
            ending = _once(_without_length(send))
            sending = _interrupt(ending, fault.at, partial(ending, _body(b"", more=False)))
        case Corrupt():
            sending = _corrupt(send, fault.at)
        case Drip():
            sending = _drip(send, fault, line)
        case _:
            raise NotImplementedError(fault)
    return sending


def rewrites_body(fault: CallFault) -> bool:
    """Return whether a fault replaces the body."""
    return isinstance(fault, CutGzip | WrongJson | WrongContentType)


def _rewrite_of(fault: CallFault) -> Rewrite | None:
    """Return how a fault replaces a whole body; None if it does not."""
    match fault:
        case Truncate(framing="short_length"):
            return lambda content, _: content[: fault.at]
        case CutGzip():
            return partial(_cut_gzip, fault)
        case WrongJson():
            return lambda _content, _headers: orjson.dumps(fault.content)
        case WrongContentType():
            return partial(_with_content_type, fault)
        case _:
            return None


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _interrupt(send: Send, at: int, interrupt: Callable[[], Awaitable[object]]) -> Send:
    """Interrupt a body once after some bytes, or at the end of a shorter one."""
    left, whole = at, True

    async def send_until_interruption(message: Message) -> None:
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

    return send_until_interruption


def _run_after(send: Send, follow: Callable[[], Awaitable[None]]) -> Send:
    """Run an action after the response."""

    async def send_and_follow(message: Message) -> None:
        await send(message)
        if message["type"] != _START and not message.get("more_body", False):
            await follow()

    return send_and_follow


def _once(send: Send) -> Send:
    """Send nothing after the end of the body."""
    ended = False

    async def once(message: Message) -> None:
        nonlocal ended
        if not ended:
            ended = message["type"] != _START and not message.get("more_body", False)
            await send(message)

    return once


def _without_length(send: Send) -> Send:
    """Remove `Content-Length`, so that the body is sent in chunks."""

    async def without_length(message: Message) -> None:
        if message["type"] == _START:
            del MutableHeaders(raw=message["headers"])["content-length"]
        await send(message)

    return without_length


def _corrupt(send: Send, at: int) -> Send:
    """Invert the bits of one byte of the body."""
    begin = 0

    async def send_corrupt(message: Message) -> None:
        nonlocal begin
        if message["type"] != _START:
            content = bytearray(message.get("body", b""))
            if begin <= at < begin + len(content):
                content[at - begin] ^= _ALL_BITS
                message = {**message, "body": bytes(content)}
            begin += len(content)
        await send(message)

    return send_corrupt


def _drip(send: Send, fault: Drip, line: ClientConnection) -> Send:
    """Send a body in small pieces."""

    async def in_drops(message: Message) -> None:
        content = message.get("body", b"")
        for begin in range(0, len(content), fault.size):
            await send(_body(content[begin : begin + fault.size], more=True))
            await line.silence(fault.seconds)
        await send({**message, "body": b""} if content else message)

    return in_drops


def _rewrite(send: Send, rewrite: Rewrite) -> Send:
    """Collect the body, and send another one with its length."""
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


def _pass_through(content: bytes, _headers: MutableHeaders) -> bytes:
    return content


def _cut_gzip(fault: CutGzip, content: bytes, headers: MutableHeaders) -> bytes:
    headers["content-encoding"] = "gzip"
    compressed = gzip.compress(content, mtime=0)
    return compressed[: max(0, len(compressed) - fault.missing)]


def _with_content_type(fault: WrongContentType, content: bytes, headers: MutableHeaders) -> bytes:
    headers["content-type"] = fault.content_type
    return content if fault.body is None else fault.body.encode()
