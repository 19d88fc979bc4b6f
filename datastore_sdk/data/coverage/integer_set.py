"""A set of integers in little memory: a bit for each integer, added in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

_PAGE = 4096
"""Integers in one page."""
_FULL = (1 << _PAGE) - 1
"""The page that has all its integers: one object, however many pages are full."""


class IntegerSet:
    """A set of integers, mostly dense.

    The seconds of a year take less than 1 MB if hardly any is missing, and 5 MB in the worst case.
    """

    def __init__(self) -> None:
        self._pages: dict[int, int] = {}

    def update(self, numbers: Iterable[int]) -> None:
        """Add integers."""
        unique = sorted(set(numbers))
        if not unique:
            return
        if unique[-1] - unique[0] == len(unique) - 1:
            self._add(unique[0], unique[-1])
            return
        first = unique[0]
        for number, following in pairwise(unique):
            if following > number + 1:
                self._add(first, number)
                first = following
        self._add(first, unique[-1])

    def runs(self) -> Iterator[range]:
        """Yield the integers as ranges, in ascending order, no two of which touch."""
        start = stop = 0
        for run in self._runs_of_pages():
            if run.start == stop:
                stop = run.stop
                continue
            if start < stop:
                yield range(start, stop)
            start, stop = run.start, run.stop
        if start < stop:
            yield range(start, stop)

    def _add(self, first: int, last: int) -> None:
        while first <= last:
            page, offset = divmod(first, _PAGE)
            end = min(last, first - offset + _PAGE - 1)
            bits = self._pages.get(page, 0) | ((1 << (end - first + 1)) - 1) << offset
            self._pages[page] = _FULL if bits == _FULL else bits
            first = end + 1

    def _runs_of_pages(self) -> Iterator[range]:
        for page in sorted(self._pages):
            bits, start = self._pages[page], page * _PAGE
            while bits:
                zeros = (bits & -bits).bit_length() - 1
                bits >>= zeros
                ones = ((bits + 1) & ~bits).bit_length() - 1
                bits >>= ones
                start += zeros
                yield range(start, start + ones)
                start += ones


def union(ranges: Iterable[range]) -> list[range]:
    """Return the same integers as ranges in ascending order, no two of which touch."""
    merged: list[range] = []
    for each in sorted(filter(None, ranges), key=lambda each: each.start):
        if merged and each.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, each.stop))
        else:
            merged.append(each)
    return merged


def difference(ranges: Iterable[range], without: Iterable[range]) -> Iterator[range]:
    """Yield what ranges have and others do not; both in ascending order, as `union` returns them."""
    others = iter(without)
    other = next(others, None)
    for each in ranges:
        start = each.start
        while other is not None and other.start < each.stop:
            if start < other.start:
                yield range(start, other.start)
            start = max(start, other.stop)
            if other.stop > each.stop:
                break
            other = next(others, None)
        if start < each.stop:
            yield range(start, each.stop)
