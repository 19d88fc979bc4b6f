"""Records of one second of one source: those of different content all come, each once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from datastore_sdk.data.streaming.codecs import CELLS, DICTS, TEXTS, RecordCodec
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from tests.realtime.simulated_listener import Listener
from tests.realtime.simulated_service import BEGIN, LOST, Record, World

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
    assert len(sources.new_of(read(form, records))[0]) == 20
    assert sources.new_of(read(form, records))[0] == []
    other_order = [dict(reversed(record.items())) for record in records]
    assert sources.new_of(read(form, other_order))[0] == []
    corrected = {**records[4], "slurry_rate": 7}
    assert len(sources.new_of(read(form, [records[4], corrected, corrected]))[0]) == 1
    assert sources.late == 1


def test_what_was_told_in_one_form_is_known_in_another() -> None:
    sources = SequenceTracker[Any](DICTS)
    records = [{"timestamp": second, "site_id": 981, "né\n": [second]} for second in range(100, 110)]
    sources.new_of(read(DICTS, records))
    for form in (TEXTS, CELLS, DICTS):
        sources.take_form(form)
        assert sources.new_of(read(form, records))[0] == []
        assert len(sources.new_of(read(form, [{**records[9], "of": id(form)}]))[0]) == 1


@pytest.mark.parametrize("step", [1, 60])
def test_what_is_too_old_to_be_remembered(step: int) -> None:
    """While the queue may repeat it, it is taken for a repetition; afterwards for new."""
    sources = SequenceTracker[Any](DICTS, step)
    records = [{"timestamp": second * step, "site_id": 981} for second in range(100, 2000)]
    for record in records:
        sources.new_of([record])
    assert sources.new_of(records)[0] == []
    assert sources.new_of(records[:1], settled=True)[0] == records[:1]
    assert sources.new_of(records[:1], settled=True)[0] == []
    (source,) = sources._sources.values()
    assert len(source._contents) <= 600, "memory is bounded"


@dataclass
class Pairs(World):
    """Tells two records of each second and source."""

    def records(self, first: int, last: int) -> list[Record]:
        """What is measured of some seconds."""
        base = super().records(first, last)
        return [each for record in base for each in pair(record["timestamp"], record["site_id"])]


def once_each(heard: list[Record]) -> None:
    texts = [json.dumps(record) for record in heard]
    last = heard[-1]["timestamp"]
    expected = [json.dumps(record) for second in range(BEGIN + 1, last) for record in pair(second)]
    assert sorted(texts[: -2 if heard[-2]["timestamp"] == last else -1]) == sorted(expected)
    assert last >= BEGIN + 55


def test_pairs_over_breaks_that_repeat() -> None:
    breaks = [20, 50, 70]
    world = Pairs(replays=lambda: 7)
    world.endings = lambda count: LOST if breaks and count >= breaks[0] and breaks.pop(0) else None
    listener = Listener(world)
    once_each(listener.listen(60.5))
    assert listener.counts.doubled > 20


def test_the_other_record_of_the_last_second_before_a_break() -> None:
    """The connection breaks between the two: the second one is fetched."""
    world = Pairs()
    told = world._message
    world._message = lambda record: b"null" if lost(record) else told(record)  # type: ignore[method-assign]
    world.endings = lambda count: LOST if count >= 20 and len(world.handshakes) == 1 else None

    def lost(record: Record) -> bool:
        return record["timestamp"] == BEGIN + 10 and "wl_depth" in record

    listener = Listener(world)
    once_each(listener.listen(60.5))
    assert listener.counts.filled == 1


def test_an_archive_that_writes_records_differently_doubles_nothing() -> None:
    sources = SequenceTracker[Any](DICTS)
    room = [{"timestamp": second, "site_id": 981, "rate": 5} for second in (100, 101, 105, 106)]
    sources.new_of(room)
    archive = [{"timestamp": second, "site_id": 981, "rate": 5.0, "more": None} for second in range(100, 107)]
    assert [record["timestamp"] for record in sources.new_of_archive(archive)] == [102, 103, 104]
