"""Secrets that a service sends back in another spelling."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from datastore_sdk._utils.redaction import Redactor

TOKEN = "aB3/x+y=9&~\"s-e.c_r'e<t>Z"
SPELLINGS = {
    "as it is": TOKEN,
    "JSON": json.dumps(TOKEN),
    "JSON with slashes escaped": json.dumps(TOKEN).replace("/", r"\/"),
    "JSON for HTML": json.dumps(TOKEN).replace("<", r"\u003c").replace(">", r"\u003E").replace("&", r"\u0026"),
    "JSON, all escaped": "".join(f"\\u{ord(letter):04X}" for letter in TOKEN),
    "JSON in JSON": json.dumps(json.dumps(TOKEN).replace("+", r"\u002b")),
    "HTML": escape(TOKEN),
    "HTML, all escaped": "".join(letter if letter.isalnum() else f"&#x{ord(letter):02X};" for letter in TOKEN),
    "HTML, in decimal": "".join(letter if letter.isalnum() else f"&#{ord(letter):03};" for letter in TOKEN),
    "URL": quote(TOKEN, safe=""),
    "URL in small letters": re.sub("%..", lambda code: code[0].lower(), quote(TOKEN, safe="")),
    "form": quote_plus(TOKEN),
    **{f"base64 after {n}": b64encode(b"user:xx"[:n] + TOKEN.encode() + b"!" * n).decode() for n in range(7)},
    **{f"URL-safe base64 after {n}": urlsafe_b64encode(b"x" * n + TOKEN.encode()).decode() for n in range(3)},
}


def mask_of(token: str) -> Redactor:
    return Redactor([token])


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_of_a_token_is_shown(spelling: str) -> None:
    shown = mask_of(TOKEN).redact(f"your token {spelling} is not good")
    assert shown.startswith("your token ")
    assert shown.endswith(" is not good")
    assert "***" in shown
    # The mask also covers quotes and the characters that base64 shares with its neighbours.
    assert len(shown) <= len("your token  is not good") + 24


@pytest.mark.parametrize("token", ["abc", "t0ken", "x"])
def test_short_tokens_do_not_hide_other_text(token: str) -> None:
    text = b64encode(b"a long text of the service").decode()
    assert mask_of(token).redact(text).replace("***", token) == text
