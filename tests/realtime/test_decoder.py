"""Messages with any content are decoded; an unreadable one is counted and costs nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datastore_sdk.data.streaming.codecs import CELLS, DICTS, TEXTS, RecordCodec
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.statistics import Counters

ONE, TWO, THREE = ({"timestamp": second, "site_id": 981} for second in (1, 2, 3))


def wrap_message(message: Any) -> bytes:
    return json.dumps({"session_key": "k", "message": message}).encode()


@pytest.mark.parametrize("form", [DICTS, TEXTS, CELLS])
@pytest.mark.parametrize(
    ("messages", "count", "unreadable"),
    [
        ([wrap_message(ONE), wrap_message(TWO)], 2, 0),
        ([wrap_message([ONE, TWO]), wrap_message(THREE)], 3, 0),
        ([wrap_message([[ONE], [], [[TWO]]])], 2, 0),
        ([b"[%b,%b]" % (wrap_message(ONE), wrap_message([TWO, THREE]))], 3, 0),
        ([b"", b"null", b'""', b" ", b"[]", wrap_message(None), wrap_message(""), wrap_message([])], 0, 0),
        ([b' \n{"message": {"timestamp": 1}, "more": [1]}\n'], 1, 0),
        ([wrap_message([ONE, 5, TWO]), wrap_message(THREE)], 3, 1),
        ([b"[%b,5,%b]" % (wrap_message(ONE), wrap_message(TWO))], 2, 1),
        ([wrap_message([ONE, "two", None, "", False, [THREE, 3]])], 2, 3),
        ([wrap_message(ONE), b"<html>", wrap_message(TWO), b"\xff\xfe", wrap_message(THREE)], 3, 2),
        ([b'{"session_key": "k"}', b"5", b'"one"', b"{}", wrap_message(ONE)], 1, 4),
        ([b"[" * 100_000, b'{"message":' * 100_000, wrap_message(ONE)], 1, 2),
        ([wrap_message(ONE)[:-1], wrap_message(TWO)[1:], wrap_message(THREE)], 1, 2),
        ([b'{"message": {"timestamp": NaN}}', b'{"message": {"timestamp": 1e400}}'], 1, 1),
    ],
)
def test_content_of_envelopes(form: RecordCodec[Any], messages: list[bytes], count: int, unreadable: int) -> None:
    counts = Counters()
    assert len(MessageDecoder(form, counts, enveloped=True).decode(messages)) == count
    assert counts.unreadable == unreadable


def test_same_records_together_or_single() -> None:
    messages = [wrap_message(record) for record in (ONE, TWO, THREE)]
    together = MessageDecoder(DICTS, Counters(), enveloped=True)
    assert together.decode(messages) == together.decode(messages) == [ONE, TWO, THREE]
    assert together.decode([*messages, b"5"]) == [ONE, TWO, THREE]


def test_seen_texts_are_left_out() -> None:
    counts = Counters()
    messages = MessageDecoder(DICTS, counts, seen=set())
    assert messages.decode([b'[{"id": 1}, {"id": 2}]', b'{"id": 1}', b'{"id": 3}']) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert counts.duplicates == 1
