"""Deviations from the API contract that an untidy sandbox makes."""

from __future__ import annotations

from zlib import crc32

from msgspec import Struct


class Untidiness(Struct, frozen=True):
    """Deviations of an untidy sandbox from the API contract. The same seed and request give the same deviations.

    Args:
        seed: Seed of all random choices.
        missing: Leave keys out, except those that an object needs.
        nulls: Replace values by null, except those of the same keys.
        types: Send numbers as text, text as numbers, and the like.
        unknown: Add keys and field values that the contract lacks.
        dates: Send timestamps without time zone, in another format, or as unix seconds.
        envelopes: Wrap lists: `{"results": [...]}` or `{"data": [...]}`.
        pages: Split such a list into pages, each with a link to the next.
        statuses: Send other 2xx statuses.
        bodies: Sometimes leave out the body of a response to a write.
        filters: Ignore filters of lists.
        order: Send records of a pad site by site, and some records late.
        several: Split a record into several of the same second.
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
        """Return the number from 0 to 1 that belongs to a place; always the same one."""
        return crc32(repr((self.seed, *place)).encode()) / 2**32
