"""Finds the byte at which a text stops being an array of records in JSON (RFC 8259, in UTF-8).

Parsers differ in where they notice that something is wrong, and in what they say of it. Here it is the first byte with
which the text can no longer be the beginning of a sound one, whatever may follow: the same however the text came. This
takes longer than parsing, and is for texts that parsers have refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

DEEPEST = 1024
"""How many brackets and braces may be open at a time: what the fastest parser takes."""

_SPACE = re.compile(rb"[ \t\n\r]*+")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
"""A string as far as it is sound, without its closing quote."""
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?+")
"""An escape as far as it is sound, if it is not whole."""
_NUMBER = re.compile(rb"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+")
_NUMBER_SO_FAR = re.compile(
    rb"-?+(?:(?:0|[1-9][0-9]*+)(?:\.(?:[0-9]++(?:[eE][+-]?+[0-9]*+)?+)?+|[eE][+-]?+[0-9]*+)?+)?+"
)
"""A number as far as it is sound."""
_SIMPLE = rb'(?:%b"|%b|true|false|null)' % (_STRING.pattern, _NUMBER.pattern)


def _listed(item: bytes) -> bytes:
    """Items with commas between them, or none."""
    return rb"(?:%b(?:,%b)*+|[ \t\n\r]*+)" % (item, item)


_ITEM = rb"[ \t\n\r]*+%b[ \t\n\r]*+"
_MEMBER = rb'[ \t\n\r]*+%b"[ \t\n\r]*+:' % _STRING.pattern + _ITEM
_FLAT = rb"(?:%b|\[%b\]|\{%b\})" % (_SIMPLE, _listed(_ITEM % _SIMPLE), _listed(_MEMBER % _SIMPLE))
_ITEMS = re.compile(rb"(?:%b,)*+" % (_ITEM % _FLAT))
"""Items of an array, each with the comma behind it, while there is little nesting: most of a text."""
_MEMBERS = re.compile(rb"(?:%b,)*+" % (_MEMBER % _FLAT))
"""The same of an object."""
_VALUES = frozenset([b"[", b'"', b"-", b"t", b"f", b"n", *(b"%d" % digit for digit in range(10))])
_WORDS = (b"true", b"false", b"null")
_NO_NUMBERS = (b"NaN", b"Infinity", b"-Infinity")
_BYTE_ORDER_MARK = b"\xef"
"""How one begins; the rest may not have come yet."""
_UNFINISHED = frozenset(b"-+.eE")
"""What a digit must follow in a number."""
_CLOSING = {b"{": b"}", b"[": b"]"}


@dataclass(frozen=True, slots=True)
class Damage:
    """The first byte that is wrong."""

    position: int
    """Where it is in the text."""
    reason: str
    """What is wrong with it."""


def damage_in(text: bytes, *, begun: bool = False) -> Damage | None:
    """The first wrong byte of a text; None where there is none as far as it goes.

    Args:
        text: The array, or its beginning.
        begun: Whether the text is what follows a record of the array.
    """
    found = [_Walk(text, begun=begun).damage(), _not_utf8(text)]
    return min(filter(None, found), key=lambda damage: damage.position, default=None)


def is_whole(text: bytes) -> bool:
    """Whether a text is an array of records, from its beginning to its end."""
    walk = _Walk(text, begun=False)
    return _not_utf8(text) is None and walk.damage() is None and walk.ended


def _not_utf8(text: bytes) -> Damage | None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return None
        # What is complained of begins with bytes that could have begun a character, where there are any.
        position = error.start if error.reason == "invalid start byte" else error.end
        return Damage(position, f"{_shown(text, position)} cannot stand here in UTF-8")
    return None


class _Walk:
    """Goes through a text, token by token and without recursion.

    Each step takes the token that begins with a certain byte, and comes back with what is wrong with it. It stops where
    that is.
    """

    def __init__(self, text: bytes, *, begun: bool) -> None:
        self._text = text
        self._at = 0
        self._closing = [b"]"] if begun else list[bytes]()
        """What closes the arrays and objects that are open."""
        self._step: Callable[[bytes], str | None] = self._separator if begun else self._beginning

    @property
    def ended(self) -> bool:
        """Whether the end of the array has come."""
        return self._step == self._nothing

    def damage(self) -> Damage | None:
        """The first byte that is wrong as JSON."""
        while mark := self._next():
            if reason := self._step(mark):
                return Damage(self._at, reason)
        return None

    def _next(self) -> bytes:
        self._pass(_SPACE)
        return self._text[self._at : self._at + 1]

    def _beginning(self, mark: bytes) -> str | None:
        if mark == b"[":
            return self._open(mark)
        reason = self._instead_of("an array of records")
        return f"{reason} (of a byte order mark, most likely)" if mark == _BYTE_ORDER_MARK else reason

    def _item_or_end(self, mark: bytes) -> str | None:
        if mark != b"]":
            return self._item(mark)
        self._close()
        return None

    def _item(self, mark: bytes) -> str | None:
        if len(self._closing) == 1 and mark != b"{":
            return (
                "an item of the array is not a record (a JSON object)"
                if mark in _VALUES
                else self._instead_of("a record")
            )
        if mark in _CLOSING:
            return self._open(mark)
        self._step = self._separator
        return self._string() if mark == b'"' else self._word_or_number(mark)

    def _name_or_end(self, mark: bytes) -> str | None:
        if mark != b"}":
            return self._name(mark)
        self._close()
        return None

    def _name(self, mark: bytes) -> str | None:
        if mark != b'"':
            return self._instead_of("a name in double quotes")
        self._step = self._colon
        return self._string()

    def _colon(self, mark: bytes) -> str | None:
        if mark != b":":
            return self._instead_of("':'")
        self._at += 1
        self._step = self._item
        return None

    def _separator(self, mark: bytes) -> str | None:
        if mark == self._closing[-1]:
            self._close()
        elif mark == b",":
            self._at += 1
            self._step = self._name if self._closing[-1] == b"}" else self._item
            self._pass_simple()
        else:
            return self._instead_of(f"',' or {self._closing[-1].decode()!r}")
        return None

    def _nothing(self, mark: bytes) -> str | None:  # noqa: ARG002 - whatever it is
        return self._instead_of("nothing behind the end of the array")

    def _open(self, mark: bytes) -> str | None:
        if len(self._closing) == DEEPEST:
            return f"more than {DEEPEST} arrays and objects stand in each other"
        self._at += 1
        self._closing.append(_CLOSING[mark])
        self._step = self._name_or_end if mark == b"{" else self._item_or_end
        self._pass_simple()
        return None

    def _close(self) -> None:
        self._at += 1
        self._closing.pop()
        self._step = self._separator if self._closing else self._nothing

    def _pass_simple(self) -> None:
        """Passes over what is hardly nested, as far as a comma stands behind it."""
        in_object = self._closing[-1] == b"}"
        if 1 < len(self._closing) < DEEPEST and self._pass(_MEMBERS if in_object else _ITEMS):
            self._step = self._name if in_object else self._item

    def _string(self) -> str | None:
        self._pass(_STRING)
        mark = self._text[self._at : self._at + 1]
        if mark == b'"':
            self._at += 1
            return None
        if mark == b"\\":
            self._pass(_ESCAPE)
            return self._instead_of("an escape of JSON")
        return self._instead_of("no control character in a string")

    def _word_or_number(self, mark: bytes) -> str | None:
        for word in _WORDS:
            if word.startswith(mark):
                return self._word(word)
        for word in _NO_NUMBERS:
            if self._text.startswith(word, self._at):
                self._at += mark == b"-"  # which could have begun a number
                return f"{word.decode()} is not JSON"
        if not self._pass(_NUMBER_SO_FAR):
            return self._instead_of("a value")
        return self._instead_of("a digit") if self._text[self._at - 1] in _UNFINISHED else None

    def _word(self, word: bytes) -> str | None:
        for letter in word:
            if self._at == len(self._text) or self._text[self._at] != letter:
                return self._instead_of(word.decode())
            self._at += 1
        return None

    def _pass(self, pattern: re.Pattern[bytes]) -> bool:
        """Passes over what a pattern matches; whether that is something."""
        before = self._at
        if match := pattern.match(self._text, before):
            self._at = match.end()
        return self._at > before

    def _instead_of(self, wanted: str) -> str | None:
        """What is wrong where something else was wanted; nothing is where the text ends."""
        at_end = self._at == len(self._text)
        return None if at_end else f"expected {wanted}, found {_shown(self._text, self._at)}"


def _shown(text: bytes, position: int) -> str:
    byte = text[position : position + 1]
    return repr(byte.decode()) if byte.isascii() and byte.decode().isprintable() else f"the byte 0x{byte.hex()}"
