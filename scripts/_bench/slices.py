"""A service that returns any slice of any site, as fast as the client reads: for plans."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from urllib.parse import parse_qs, urlsplit

from _bench.body import CHUNK, START, VALVES

NUMBERS = ("surface_treating_pressure", "slurry_rate", "clean_rate", "proppant_conc", "hydraulic_power")
FIELDS = (*NUMBERS, VALVES[0])
"""The fields of each record."""
FIRST_SITE = 1000
"""Sites have four digits, so that the records of all sites have the same places."""
_TEMPLATES = 2_400
_SEPARATOR = b", "
_AT_A_TIME = 8 * CHUNK


class Slices:
    """Records of one site, one a second, which are sent for each site with its id."""

    def __init__(self, count: int) -> None:
        content = bytearray()
        self._starts = array("Q")
        templates = _build_templates()
        for index in range(count):
            self._starts.append(len(content))
            content += templates[index % _TEMPLATES] % (START + index) + _SEPARATOR
        self._starts.append(len(content))
        self._content = bytes(content)

    def respond(self, target: str) -> Iterator[bytes]:
        """Yield the bytes sent after the headers.

        Args:
            target: Path and query of the request.
        """
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        count = len(self._starts) - 1
        first = min(max(_second(query["start_datetime"][0]) - START, 0), count)
        last = min(_second(query["end_datetime"][0]) - START, count - 1)
        site = re.findall(r"/sites/(\d{4})/", path)[0]
        text = self._content[self._starts[first] : self._starts[last + 1]].removesuffix(_SEPARATOR)
        text = b"[" + text.replace(b'"site_id": %d' % FIRST_SITE, b'"site_id": ' + site.encode()) + b"]"
        for start in range(0, len(text), _AT_A_TIME):
            part = text[start : start + _AT_A_TIME]
            chunks = (part[at : at + CHUNK] for at in range(0, len(part), CHUNK))
            yield b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        yield b"0\r\n\r\n"


def _build_templates() -> list[bytes]:
    """Return records with a placeholder for the time."""
    random = Random(1)  # noqa: S311 - the same body every time
    return [
        json.dumps(
            {
                "timestamp": "%d",
                "site_id": FIRST_SITE,
                **{name: random.uniform(0, 100) for name in NUMBERS},
                VALVES[0]: random.choice("OC"),
            }
        )
        .replace('"%d"', "%d")
        .encode()
        for _ in range(_TEMPLATES)
    ]


def _second(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
