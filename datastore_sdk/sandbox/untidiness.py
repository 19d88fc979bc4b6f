"""What a service that is not tidy does to its answers, by chance, and each by itself to be turned off."""

from __future__ import annotations

from zlib import crc32

from msgspec import Struct


class Untidiness(Struct, frozen=True):
    """How an untidy sandbox differs from the API contract. What it does is the same for the same seed and question.

    Args:
        seed: Of everything that looks like chance.
        missing: Keys are left out, but for those without which an object says nothing.
        nulls: Values are null, but for those of the same keys.
        types: Numbers are text, text is a number, and the like.
        unknown: Objects have keys, and fields have values, that the contract does not know.
        dates: Moments have no time zone, another form, or are unix seconds.
        envelopes: Lists come as `{"results": [...]}` or `{"data": [...]}`.
        pages: The former come page by page, with a link to the next.
        statuses: Successes are other 2xx.
        bodies: What was written is not always answered with.
        filters: Filters of lists are ignored.
        order: Records of a pad come site by site, and some records late.
        several: The fields of a record come in several, of the same second.
    """

    seed: int
    missing: bool = True
    nulls: bool = True
    types: bool = True
    unknown: bool = True
    dates: bool = True
    envelopes: bool = True
    pages: bool = True
    statuses: bool = True
    bodies: bool = True
    filters: bool = True
    order: bool = True
    several: bool = True

    def chance(self, *place: object) -> float:
        """A number from 0 to 1 for a place; always the same one."""
        return crc32(repr((self.seed, *place)).encode()) / 2**32
