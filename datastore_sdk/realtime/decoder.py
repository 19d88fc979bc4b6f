"""Reads the messages of a room: records or objects, one or many in each, in an envelope or bare."""

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

_SHOWN = 80
"""How many bytes of a message that cannot be read are shown."""
_BRACE = ord("}")
_last = itemgetter(-1)
_NOTHING = (b"", b"null", b'""')
_REFUSALS = (msgspec.DecodeError, RecordDecodeError, UnicodeDecodeError, RecursionError)


class _Envelope(msgspec.Struct):
    """What measurements come in; the key of the session is known."""

    message: msgspec.Raw


_envelope: Callable[[bytes], _Envelope] = msgspec.json.Decoder(_Envelope).decode
_envelopes: Callable[[bytes], list[_Envelope]] = msgspec.json.Decoder(list[_Envelope]).decode
_items: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode


class MessageDecoder(Generic[R]):
    """Reads messages. One that cannot be read is counted, logged and left out.

    Args:
        form: The form to read records in.
        counts: Takes note of what cannot be read.
        enveloped: Whether they come in envelopes, `{"session_key": ..., "message": ...}`.
        seen: The texts that were read before and must not come again; None: they may.
        belongs: Whether a text is of what the room is about; None: every one is.
    """

    def __init__(
        self,
        form: RecordCodec[R],
        counts: Counters,
        *,
        enveloped: bool = False,
        seen: set[bytes] | None = None,
        belongs: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._seen = seen
        self._belongs = belongs
        self._form = form
        self._counts = counts
        self._enveloped = enveloped
        self._prefix: bytes | None = None  # what an envelope begins with, once it is known

    def read(self, messages: list[bytes]) -> list[R]:
        """The records of messages, in order."""
        if self._seen is None and self._belongs is None:
            with suppress(*_REFUSALS):
                return self._all_alike(messages)
        return [record for message in messages for record in self._single(message)]

    def _all_alike(self, messages: list[bytes]) -> list[R]:
        """The records, where each message holds one: read all at once, which takes a fraction of the time."""
        texts = self._contents(messages) if self._enveloped else messages
        records = self._form.decode(b"[%b]" % b",".join(texts))
        if len(records) != len(messages):
            raise RecordDecodeError("some messages hold none, or several")
        return records

    def _contents(self, messages: list[bytes]) -> list[bytes] | list[msgspec.Raw]:
        """What is in the envelopes, which are all alike but for that."""
        prefix = self._prefix
        if (
            prefix is not None
            and all(map(bytes.startswith, messages, repeat(prefix)))
            and [*map(_last, messages)].count(_BRACE) == len(messages)
        ):
            return [*map(itemgetter(slice(len(prefix), -1)), messages)]
        contents = [envelope.message for envelope in _envelopes(b"[%b]" % b",".join(messages))]
        end = bytes(contents[0]) + b"}" if contents else b""
        if end and messages[0].endswith(end):
            self._prefix = messages[0].removesuffix(end)
        return contents

    def _single(self, message: bytes) -> list[R]:
        """The records of a message, one by one, so that one that cannot be read costs no other."""
        items = self._readable(_unpacked, message)
        if self._enveloped:
            items = [text for item in items for text in self._readable(_content, item)]
        wanted = [text for text in items if self._belongs is None or self._belongs(text)]
        return [record for text in wanted if self._is_new(text) for record in self._readable(self._record, text)]

    def _readable(self, read: Callable[[bytes], Iterable[T]], text: bytes) -> list[T]:
        """What is read of a text; nothing where it cannot be."""
        try:
            return [*read(text)]
        except _REFUSALS as error:
            self._counts.unreadable += 1
            log.warning("A message is left out that cannot be read (%s): %r", error, text[:_SHOWN])
            return []

    def _record(self, text: bytes) -> list[R]:
        return self._form.decode(b"[%b]" % text)

    def _is_new(self, text: bytes) -> bool:
        if self._seen is None:
            return True
        before = len(self._seen)
        self._seen.add(text)
        self._counts.doubled += before == len(self._seen)
        return before < len(self._seen)


def _content(envelope: bytes) -> Iterator[bytes]:
    return _unpacked(_envelope(envelope).message)


def _unpacked(text: bytes | msgspec.Raw) -> Iterator[bytes]:
    """The items of an array, or the text itself; nothing where it says nothing."""
    text = bytes(text).strip()
    if text in _NOTHING:
        return
    if text.startswith(b"["):
        for item in _items(text):
            yield from _unpacked(item)
    else:
        yield text
