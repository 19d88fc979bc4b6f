"""Leave out records that were not asked for: a service may ignore a parameter of the query."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from datastore_sdk.data.batch import Batch
from datastore_sdk.data.coverage import Part
from datastore_sdk.data.decoding import Undecodable, dicts
from datastore_sdk.data.forms import DICTS
from datastore_sdk.data.identity import second_of
from datastore_sdk.exceptions import ContractError

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")

_CHECKED = 1 << 20
"""How many bytes of a response are checked record by record; after that, the first and last record of each batch.

A service that ignores a parameter does so from the beginning on, so more would cost time and find nothing.
"""
_LONGEST_ID = 20


class RecordFilter:
    """Leaves out the records of one response that are of another site, or of another time, than asked for.

    Records that do not say so are kept.

    Args:
        part: What is asked for.
        method: The method of the request.
        url: Its URL.
    """

    def __init__(self, part: Part, method: str, url: str) -> None:
        query = part.query
        self._site = query.id if query.source == "site" else None
        first, last = query.bounds()
        slack = query.step - 1  # a record of a coarser resolution can begin before the range
        self._first = None if first is None else first - slack
        self._last = None if last is None else last + slack
        self._shared = last if part.shares_last_second else None
        self._shared_text = str(last).encode()
        self._request = {"method": method, "url": url}
        self._checked = 0
        self._suspicious = False

    def wanted(self, batch: Batch[R]) -> Batch[R]:
        """Return the records of a batch that were asked for.

        Raises:
            ContractError: A record cannot be placed in time, so it may also be in the response for another part.
        """
        if not self._must_be_checked(batch):
            return batch
        self._checked += len(batch.text)
        keys = _keys_of(batch)
        seconds = [second_of(timestamp) for timestamp, _ in keys]
        if self._shared is not None and None in seconds:
            self._refuse(keys[seconds.index(None)][0])
        belonging = [self._belongs(second, site) for second, (_, site) in zip(seconds, keys, strict=True)]
        if not all(belonging) and not self._suspicious:
            self._suspicious = True
            log.warning(
                "%s %s: the response holds records that were not asked for, such as timestamp %r of site %r. "
                "They are left out.",
                *self._request.values(),
                *keys[belonging.index(False)],
            )
        if self._shared is not None:
            belonging = [belongs and second != self._shared for belongs, second in zip(belonging, seconds, strict=True)]
        return batch.only(belonging)

    def _must_be_checked(self, batch: Batch[Any]) -> bool:
        if self._suspicious or self._checked < _CHECKED:
            return True
        if self._shared is not None and self._shared_text in batch.text:
            return True
        for record in (batch.records[0], batch.records[-1]):
            timestamp, site = batch.form.keys(record)
            if not (isinstance(timestamp, int | float) and self._belongs(second_of(timestamp), site)):
                return True
        return False

    def _belongs(self, second: int | None, site: Any) -> bool:
        if self._site is not None and site != self._site and _site_id(site) not in (None, self._site):
            return False
        if second is None:
            return True
        return (self._first is None or second >= self._first) and (self._last is None or second <= self._last)

    def _refuse(self, timestamp: Any) -> NoReturn:
        raise ContractError(
            f"{self._request['method']} {self._request['url']}: a record has the timestamp {timestamp!r}, so it cannot "
            "be told which part of the time range it belongs to. Request the range without parallel=",
            **self._request,
        )


def _keys_of(batch: Batch[Any]) -> list[tuple[Any, Any]]:
    """Return timestamp and site of each record."""
    if batch.form is not DICTS:
        with suppress(Undecodable):  # nested too deeply
            return [*map(DICTS.keys, dicts(batch.text))]
    return [*map(batch.form.keys, batch.records)]


def _site_id(site: Any) -> int | None:
    """Return the id that a record gives for its site; None if it is not an id."""
    if isinstance(site, str) and site.isdecimal() and len(site) < _LONGEST_ID:
        return int(site)
    return site if type(site) is int else None
