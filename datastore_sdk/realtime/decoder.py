"""Decoder of a room's messages. A message holds one record or object, or an array of them, perhaps in an envelope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from operator import itemgetter
from typing import Generic, TypeVar

import msgspec

from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.json_decoder import RecordDecodeError
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.realtime.statistics import Counters

log = get_logger("realtime")

R = TypeVar("R")
T = TypeVar("T")

_MAX_SHOWN_BYTES = 80
"""Maximum number of bytes of an unreadable message in the log."""
_BRACE = ord("}")
_last_byte = itemgetter(-1)
_EMPTY_MESSAGES = (b"", b"null", b'""')
_DECODE_ERRORS = (msgspec.DecodeError, RecordDecodeError, UnicodeDecodeError, RecursionError)


class _Envelope(msgspec.Struct):
    """Envelope of measurements. Its session key is already known."""

    message: msgspec.Raw


_decode_envelope: Callable[[bytes], _Envelope] = msgspec.json.Decoder(_Envelope).decode
_decode_envelopes: Callable[[bytes], list[_Envelope]] = msgspec.json.Decoder(list[_Envelope]).decode
_decode_items: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode


class MessageDecoder(Generic[R]):
    """Decodes messages. Unreadable messages are counted, logged and left out.

    Args:
        codec: Codec of the records.
        counters: Counts unreadable and duplicate messages.
        enveloped: Whether messages have an envelope, `{"session_key": ..., "message": ...}`.
        seen: JSON texts that were already decoded and must be left out. None: duplicates are allowed.
        belongs: Returns whether a JSON text belongs to the room. None: all do.
        on_records: Called with the messages and the number of records in them.
    """

    def __init__(
        self,
        codec: RecordCodec[R],
        counters: Counters,
        *,
        enveloped: bool = False,
        seen: set[bytes] | None = None,
        belongs: Callable[[bytes], bool] | None = None,
        on_records: Callable[[list[bytes], int], None] | None = None,
    ) -> None:
        self._seen = seen
        self._belongs = belongs
        self._on_records = on_records
        self._codec = codec
        self._counters = counters
        self._enveloped = enveloped
        self._prefix: bytes | None = None  # start of each envelope, learnt from the first one

    def decode(self, messages: list[bytes]) -> list[R]:
        """Return the records of messages, in order."""
        records = self._decode(messages)
        if self._on_records is not None:
            self._on_records(messages, len(records))
        return records

    def _decode(self, messages: list[bytes]) -> list[R]:
        if self._seen is None and self._belongs is None:
            with suppress(*_DECODE_ERRORS):
                return self._decode_together(messages)
        return [record for message in messages for record in self._decode_one(message)]

    def _decode_together(self, messages: list[bytes]) -> list[R]:
        """Return the records of messages that hold one record each. Decoding all at once is several times faster."""
        texts = self._strip_envelopes(messages) if self._enveloped else messages
        records = self._codec.decode(b"[%b]" % b",".join(texts))
        if len(records) != len(messages):
            raise RecordDecodeError("some messages hold no record or several")
        return records

    def _strip_envelopes(self, messages: list[bytes]) -> list[bytes] | list[msgspec.Raw]:
        """Return the contents of the envelopes. Envelopes of one room differ in their content only."""
        prefix = self._prefix
        if (
            prefix is not None
            and all(map(bytes.startswith, messages, repeat(prefix)))
            and [*map(_last_byte, messages)].count(_BRACE) == len(messages)
        ):
            return [*map(itemgetter(slice(len(prefix), -1)), messages)]
        contents = [envelope.message for envelope in _decode_envelopes(b"[%b]" % b",".join(messages))]
        end = bytes(contents[0]) + b"}" if contents else b""
        if end and messages[0].endswith(end):
            self._prefix = messages[0].removesuffix(end)
        return contents

    def _decode_one(self, message: bytes) -> list[R]:
        """Return the records of one message. Each record is decoded alone, so that an unreadable one costs no other."""
        items = self._try_decode(_iter_items, message)
        if self._enveloped:
            items = [text for item in items for text in self._try_decode(_iter_content, item)]
        wanted = [text for text in items if self._belongs is None or self._belongs(text)]
        return [
            record for text in wanted if self._is_new(text) for record in self._try_decode(self._decode_record, text)
        ]

    def _try_decode(self, read: Callable[[bytes], Iterable[T]], text: bytes) -> list[T]:
        """Return what a function decodes from a text; an empty list if it fails."""
        try:
            return [*read(text)]
        except _DECODE_ERRORS as error:
            self._counters.unreadable += 1
            log.warning("Unreadable message left out (%s): %r", error, text[:_MAX_SHOWN_BYTES])
            return []

    def _decode_record(self, text: bytes) -> list[R]:
        return self._codec.decode(b"[%b]" % text)

    def _is_new(self, text: bytes) -> bool:
        if self._seen is None:
            return True
        before = len(self._seen)
        self._seen.add(text)
        self._counters.duplicates += before == len(self._seen)
        return before < len(self._seen)


def _iter_content(envelope: bytes) -> Iterator[bytes]:
    return _iter_items(_decode_envelope(envelope).message)


def _iter_items(text: bytes | msgspec.Raw) -> Iterator[bytes]:
    """Yield the items of a JSON array, however nested, or the text itself; nothing for an empty message."""
    text = bytes(text).strip()
    if text in _EMPTY_MESSAGES:
        return
    if text.startswith(b"["):
        for item in _decode_items(text):
            yield from _iter_items(item)
    else:
        yield text
