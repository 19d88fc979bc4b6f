"""Slow and plain check of a body, byte by byte, to compare the fast check of the package with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import Enum, auto

Step = Generator[None, int, int]
"""Receives bytes one by one; returns the first one that is not its own."""

SPACE = frozenset(b" \t\n\r")
DIGITS = frozenset(b"0123456789")
HEX = frozenset(b"0123456789abcdefABCDEF")
EXPONENT = frozenset(b"eE")
SIGN = frozenset(b"+-")
ESCAPED = frozenset(b'"\\/bfnrtu')
END = 256
"""Points past the last byte."""


class Kind(Enum):
    WHOLE = auto()
    TOO_SHORT = auto()
    WRONG = auto()


class WrongByteError(Exception):
    """This byte cannot stand here."""


def classify(body: bytes) -> tuple[Kind, int]:
    """Return the kind of a body, and the length of its valid beginning in bytes."""
    steps = _body()
    next(steps)
    for place, byte in enumerate(body):
        try:
            steps.send(byte)
        except WrongByteError:
            return Kind.WRONG, place
    try:
        steps.send(END)
    except StopIteration:
        return Kind.WHOLE, len(body)
    except WrongByteError:
        return Kind.TOO_SHORT, len(body)
    raise AssertionError("it continues after the end")


def _body() -> Generator[None, int, None]:
    byte = yield from _space((yield))
    byte = yield from _list(byte, b"[]", _record)
    byte = yield from _space(byte)
    _demand(byte == END)


def _record(byte: int) -> Step:
    _demand(byte == ord("{"))
    return (yield from _list(byte, b"{}", _pair))


def _list(byte: int, brackets: bytes, item: Callable[[int], Step]) -> Step:
    _demand(byte == brackets[0])
    byte = yield from _space((yield))
    if byte == brackets[1]:
        return (yield)
    while True:
        byte = yield from _space((yield from item(byte)))
        if byte == brackets[1]:
            return (yield)
        _demand(byte == ord(","))
        byte = yield from _space((yield))


def _pair(byte: int) -> Step:
    byte = yield from _space((yield from _string(byte)))
    _demand(byte == ord(":"))
    return (yield from _value((yield from _space((yield)))))


def _value(byte: int) -> Step:
    match chr(byte):
        case "{":
            return (yield from _record(byte))
        case "[":
            return (yield from _list(byte, b"[]", _value))
        case '"':
            return (yield from _string(byte))
        case "t" | "f" | "n" as letter:
            for other in {"t": b"rue", "f": b"alse", "n": b"ull"}[letter]:
                _demand((yield) == other)
            return (yield)
        case _:
            return (yield from _number(byte))


def _number(byte: int) -> Step:
    if byte == ord("-"):
        byte = yield
    byte = (yield) if byte == ord("0") else (yield from _digits(byte))
    if byte == ord("."):
        byte = yield from _digits((yield))
    if byte in EXPONENT:
        byte = yield
        byte = yield from _digits((yield) if byte in SIGN else byte)
    return byte


def _digits(byte: int) -> Step:
    _demand(byte in DIGITS)
    while byte in DIGITS:
        byte = yield
    return byte


def _string(byte: int) -> Step:
    _demand(byte == ord('"'))
    while (byte := (yield)) != ord('"'):
        _demand(0x20 <= byte < END)
        if byte == ord("\\"):
            yield from _escape((yield))
        elif byte >= 0x80:
            yield from _character(byte)
    return (yield)


def _escape(byte: int) -> Generator[None, int, None]:
    _demand(byte in ESCAPED)
    if byte == ord("u"):
        for _ in range(4):
            _demand((yield) in HEX)


def _character(first: int) -> Generator[None, int, None]:
    """Read the remaining bytes of a character of several bytes (RFC 3629)."""
    _demand(0xC2 <= first <= 0xF4)
    low = {0xE0: 0xA0, 0xF0: 0x90}.get(first, 0x80)
    high = {0xED: 0x9F, 0xF4: 0x8F}.get(first, 0xBF)
    for _ in range(1 + (first >= 0xE0) + (first >= 0xF0)):
        _demand(low <= (yield) <= high)
        low, high = 0x80, 0xBF


def _space(byte: int) -> Step:
    while byte in SPACE:
        byte = yield
    return byte


def _demand(true: bool) -> None:
    if not true:
        raise WrongByteError
