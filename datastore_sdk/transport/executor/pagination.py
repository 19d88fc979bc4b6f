"""Pagination: the operations that fetch the remaining pages of a list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn, cast
from urllib.parse import parse_qsl, urljoin, urlsplit

from datastore_sdk._io.tolerant_parser import ParsedResponse
from datastore_sdk.exceptions import ResponseValidationError
from restream_api.types import Operation

MAX_PAGES = 1000
"""Maximum number of pages of one list."""
_PORTS = {"http": 80, "https": 443}


class Pages:
    """Pages of a list, collected in the value of the first page.

    Args:
        operation: The operation that returned the first page.
        base_url: Scheme and host of the service.
        first: The first page, which has the link to the next.
        max_bytes: Maximum size in bytes of all pages together.

    Raises:
        ResponseValidationError: The next page is on another host or was fetched before, or there are too many.
    """

    def __init__(self, operation: Operation[Any], base_url: str, first: ParsedResponse[Any], max_bytes: int) -> None:
        self._operation = operation
        self._base_url = base_url
        self._max_bytes = max_bytes
        self._size = first.size
        self._items = _items(first.value)
        self._known = {operation.target}
        self.following: Operation[Any] | None = self._after(first)
        """The operation that fetches the next page; None after the last."""

    def add(self, page: ParsedResponse[Any]) -> None:
        """Add the page that `following` fetched."""
        self._size += page.size
        if self._size > self._max_bytes:
            self._refuse(f"its pages are larger than {self._max_bytes} bytes (Client(max_response_bytes=...))")
        self._items.extend(_items(page.value))
        self.following = self._after(page)

    def _after(self, page: ParsedResponse[Any]) -> Operation[Any] | None:
        if not page.next_page:
            return None
        if not isinstance(page.next_page, str):
            self._refuse("the link to its next page is not a URL")
        here = urlsplit(self._base_url + self._operation.target)
        try:
            there = urlsplit(urljoin(here.geturl(), page.next_page))
            same = there.hostname == here.hostname and _port(there) in {_port(here), _PORTS["http"]}
        except ValueError:
            self._refuse("the link to its next page is not a URL")
        if not same or there.scheme not in _PORTS:
            self._refuse("its next page is on another host, which would receive the token")
        query = tuple(parse_qsl(there.query, keep_blank_values=True))
        following = replace(self._operation, path=there.path, query=query)
        if following.target in self._known:
            self._refuse("its next page was already fetched")
        if len(self._known) == MAX_PAGES:
            self._refuse(f"it has more than {MAX_PAGES} pages")
        self._known.add(following.target)
        return following

    def _refuse(self, why: str) -> NoReturn:
        method, url = self._operation.method, self._base_url + self._operation.target
        raise ResponseValidationError(f"{method} {url}: the list has a next page, but {why}", method=method, url=url)


def _port(url: Any) -> int:
    port: int = url.port or _PORTS.get(url.scheme, 0)
    return port


def _items(value: Any) -> list[Any]:
    """Return the list of a page: the value itself, or its only field."""
    if not isinstance(value, list):
        (value,) = value.values()
    return cast("list[Any]", value)
