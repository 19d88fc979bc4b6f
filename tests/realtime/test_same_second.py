"""Records of one second of one source: each content is delivered once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from datastore_sdk.data.streaming.codecs import CELLS, DICTS, TEXTS, RecordCodec
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from tests.realtime.simulated_listener import SimulatedListener
from tests.realtime.simulated_service import CONNECTION_LOST, START_SECOND, Record, SimulatedService

FORMS = [DICTS, TEXTS, CELLS]


def pair(second: int, site: int = 981) -> list[Record]:
    return [
        {"timestamp": second, "site_id": site, "slurry_rate": 5},
        {"timestamp": second, "site_id": site, "wl_depth": 6.5},
    ]


def read(form: RecordCodec[Any], records: list[Record]) -> list[Any]:
    return form.decode(json.dumps(records).encode())


@pytest.mark.parametrize("form", FORMS)
def test_only_a_repetition_of_the_content_is_a_double(form: RecordCodec[Any]) -> None:
    sources = SequenceTracker[Any](form)
    records = [record for second in range(100, 110) for record in pair(second)]
    assert len(sources.filter_new(read(form, records))[0]) == 20
    assert sources.filter_new(read(form, records))[0] == []
    other_order = [dict(reversed(record.items())) for record in records]
    assert sources.filter_new(read(form, other_order))[0] == []
    corrected = {**records[4], "slurry_rate": 7}
    assert len(sources.filter_new(read(form, [records[4], corrected, corrected]))[0]) == 1
    assert sources.late == 1


def test_records_are_known_in_every_codec() -> None:
    sources = SequenceTracker[Any](DICTS)
    records = [{"timestamp": second, "site_id": 981, "né\n": [second]} for second in range(100, 110)]
    sources.filter_new(read(DICTS, records))
    for form in (TEXTS, CELLS, DICTS):
        sources.set_codec(form)
        assert sources.filter_new(read(form, records))[0] == []
        assert len(sources.filter_new(read(form, [{**records[9], "of": id(form)}]))[0]) == 1


@pytest.mark.parametrize("step", [1, 60])
def test_forgotten_seconds(step: int) -> None:
    """While the queue may repeat it, it counts as a repetition; afterwards as new."""
    sources = SequenceTracker[Any](DICTS, step)
    records = [{"timestamp": second * step, "site_id": 981} for second in range(100, 2000)]
    for record in records:
        sources.filter_new([record])
    assert sources.filter_new(records)[0] == []
    assert sources.filter_new(records[:1], settled=True)[0] == records[:1]
    assert sources.filter_new(records[:1], settled=True)[0] == []
    (source,) = sources._sources.values()
    assert len(source._contents) <= 600, "memory is bounded"


@dataclass
class Pairs(SimulatedService):
    """Sends two records of each second and source."""

    def records(self, first: int, last: int) -> list[Record]:
        """Return the records measured in some seconds."""
        base = super().records(first, last)
        return [each for record in base for each in pair(record["timestamp"], record["site_id"])]


def once_each(received: list[Record]) -> None:
    texts = [json.dumps(record) for record in received]
    last = received[-1]["timestamp"]
    expected = [json.dumps(record) for second in range(START_SECOND + 1, last) for record in pair(second)]
    assert sorted(texts[: -2 if received[-2]["timestamp"] == last else -1]) == sorted(expected)
    assert last >= START_SECOND + 55


def test_pairs_over_breaks_that_repeat() -> None:
    breaks = [20, 50, 70]
    service = Pairs(replayed_seconds=lambda: 7)
    service.disconnect = lambda count: CONNECTION_LOST if breaks and count >= breaks[0] and breaks.pop(0) else None
    session = SimulatedListener(service)
    once_each(session.listen(60.5))
    assert session.counters.duplicates > 20


def test_the_other_record_of_the_last_second_before_a_break() -> None:
    """The connection breaks between the two: the second one is fetched."""
    service = Pairs()
    build_message = service._message
    service._message = lambda record: b"null" if lost(record) else build_message(record)  # type: ignore[method-assign]
    service.disconnect = lambda count: CONNECTION_LOST if count >= 20 and len(service.handshakes) == 1 else None

    def lost(record: Record) -> bool:
        return record["timestamp"] == START_SECOND + 10 and "wl_depth" in record

    session = SimulatedListener(service)
    once_each(session.listen(60.5))
    assert session.counters.backfilled == 1


def test_archive_with_other_formatting_adds_no_duplicates() -> None:
    sources = SequenceTracker[Any](DICTS)
    room = [{"timestamp": second, "site_id": 981, "rate": 5} for second in (100, 101, 105, 106)]
    sources.filter_new(room)
    archive = [{"timestamp": second, "site_id": 981, "rate": 5.0, "more": None} for second in range(100, 107)]
    assert [record["timestamp"] for record in sources.filter_archive(archive)] == [102, 103, 104]
