"""Records as their JSON texts, of which tests know each literal, and bodies made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy as Strategy

MISSING = '"Infinity"'


class Number(str):
    """The text of a number, so that `1.0` and `1.00` differ."""

    __slots__ = ()


@dataclass(frozen=True)
class Record:
    """A record as the service would send it: each name with the JSON text of its value."""

    literals: tuple[tuple[str, str], ...]
    """The names as JSON texts too."""

    @property
    def text(self) -> str:
        return "{" + ", ".join(f"{name}: {value}" for name, value in self.literals) + "}"

    @property
    def value(self) -> dict[str, Any]:
        """The value in Python, with None for missing values."""
        return {json.loads(name): None if text == MISSING else json.loads(text) for name, text in self.literals}

    @property
    def exact(self) -> dict[str, Any]:
        """The same with the text of each number."""
        return {json.loads(name): None if text == MISSING else exactly(text) for name, text in self.literals}


def exactly(text: str | bytes) -> Any:
    """JSON in Python, with the text of each number; not JSON is an error."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _escape(text: str) -> str:
    """Return the same string with escapes wherever they are possible. No documentation says whether the mark of a
    missing number is still one with escapes."""
    return json.dumps(text) if text == "Infinity" else '"' + "".join(f"\\u{unit:04x}" for unit in _units(text)) + '"'


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be", errors="surrogatepass")
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]


TRICKY = [
    "",
    "}",
    "{",
    "]",
    "[",
    "},{",
    "}]",
    '"',
    '"}',
    "\\",
    "\\\\",
    '\\"}',
    ",",
    ";",
    "\n",
    "\r\n",
    "null",
    "true",
    "5",
    "007",
    "=1+1",
    "Infinity",
    "to Infinity",
    '"Infinity"',
    "O",
    "\u00b0F",
    "\u6cb9",
    "\U0001f6e2",
    "\u2028",
    "a" * 60,
]
WORDS = st.sampled_from(TRICKY) | st.text(st.characters(codec="utf-8"), max_size=12)
WRITERS: list[Callable[[str], str]] = [json.dumps, lambda text: json.dumps(text, ensure_ascii=False), _escape]
STRINGS: Strategy[str] = st.tuples(WORDS, st.sampled_from(WRITERS)).map(lambda pair: pair[1](pair[0]))
INTS = ["0", "-0", "5", "-7", "9007199254740993", "9223372036854775807", "18446744073709551615", "-9223372036854775808"]
FLOATS = [
    "3.0",
    "3.00",
    "-0.0",
    "0.1",
    "1e2",
    "1E+2",
    "1e-7",
    "5e-324",
    "1.7976931348623157e308",
    "0.30000000000000004",
]
NUMBERS: Strategy[str] = (
    st.sampled_from(INTS + FLOATS)
    | st.integers(-(10**6), 10**6).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
)
SIMPLE: Strategy[str] = st.sampled_from(["true", "false", "null", MISSING]) | NUMBERS | STRINGS


def _arrays(inner: Strategy[str]) -> Strategy[str]:
    return st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")


def _pairs(names: Strategy[str], inner: Strategy[str], max_size: int) -> Strategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(names, inner), max_size=max_size, unique_by=lambda pair: json.loads(pair[0]))


def _objects(inner: Strategy[str]) -> Strategy[str]:
    return _pairs(STRINGS, inner, 3).map(lambda pairs: f"{{{','.join(f'{name}:{text}' for name, text in pairs)}}}")


NESTED: Strategy[str] = st.recursive(SIMPLE, lambda inner: _arrays(inner) | _objects(inner), max_leaves=4)
FIELDS = ["timestamp", "site_id", "Rate", "rate", "RATE", "_external_power_", "Infinity"]
NAMES: Strategy[str] = st.sampled_from(FIELDS).map(json.dumps) | STRINGS
RECORDS: Strategy[Record] = _pairs(NAMES, SIMPLE | NESTED, 5).map(lambda pairs: Record(tuple(pairs)))
MANY = st.lists(RECORDS, min_size=20, max_size=20)

Style = Callable[[list[Record]], bytes]


def _join_records(opening: str, between: str, closing: str) -> Style:
    return lambda records: (opening + between.join(record.text for record in records) + closing).encode()


def _reflow(records: list[Record]) -> bytes:
    """Line breaks and blanks wherever JSON takes them, within records too."""
    rows = (
        "{ \n" + ",\r\n\t".join(f"{name} : {value}" for name, value in record.literals) + "\n}" for record in records
    )
    return ("\n [ " + "\n , ".join(rows) + "\r\n ] \n").encode()


STYLES: dict[str, Style] = {
    "one line": _join_records("[", ",", "]"),
    "blanks": _join_records("[ ", ", ", " ]"),
    "a record a line": _join_records("[\n", ",\n", "\n]\n"),
    "commas in front": _join_records("[", "\n,", "\n]"),
    "reflowed": _reflow,
}
BODIES = st.tuples(st.lists(RECORDS, max_size=4), st.sampled_from([*STYLES.values()])).map(
    lambda pair: (pair[0], pair[1](pair[0]))
)
