"""The blocks that a journal is made of: each a head and a body, with checksums.

The head is one line of fixed length: a number, a count, the length of the body, its checksum, and that of the head
itself and its place in the file. So a block that is unfinished, because its writer was killed, can be told from one
that was changed, and a block that was taken out is missed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO
from zlib import crc32

_HEAD = re.compile(rb"(\d{6}) (\d{9}) (\d{12}) ([0-9a-f]{8}) ([0-9a-f]{8})\n")
_HEAD_LENGTH = 48
_SUM_LENGTH = 10
"""The checksum of a head, with the space before and the line break behind it."""


class DamagedBlockError(Exception):
    """A block was changed."""


@dataclass(frozen=True, slots=True)
class JournalBlock:
    """A block as it was written."""

    number: int
    """What the writer wanted to tell of it."""
    count: int
    """How many items are in it."""
    body: bytes
    """The items."""

    def packed(self, place: int) -> bytes:
        """The block's bytes, for a place in a file."""
        head = b"%06d %09d %012d %08x" % (self.number, self.count, len(self.body), crc32(self.body))
        return b"%b %08x\n%b" % (head, _sum(head, place), self.body)


def next_block(file: IO[bytes]) -> JournalBlock | None:
    """The next block of a file; None where there is none, or only the beginning of one.

    Raises:
        Damaged: It was changed.
    """
    place = file.tell()
    head = file.read(_HEAD_LENGTH)
    if len(head) < _HEAD_LENGTH:
        return None
    fields = _HEAD.fullmatch(head)
    if fields is None or _sum(head[:-_SUM_LENGTH], place) != int(fields[5], 16):
        raise DamagedBlockError
    number, count, length = map(int, fields.groups()[:3])
    body = file.read(length)
    if len(body) < length:
        return None
    if crc32(body) != int(fields[4], 16):
        if file.read(1):
            raise DamagedBlockError
        return None
    return JournalBlock(number, count, body)


def _sum(head: bytes, place: int) -> int:
    return crc32(head, crc32(b"%d" % place))
