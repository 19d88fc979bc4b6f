"""Random faults of every kind, over real sockets: every second exactly once, in order (scripts/soak does more)."""

from __future__ import annotations

import logging

import pytest
from _soak.faults import random_faults
from _soak.listener import Form
from _soak.soak import SoakResult, run_soak

from datastore_sdk.sandbox import faults
from tests.support.exhaustive import first

HOURS = 0.2


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", first(1, ["sync", "async"]))
def test_every_second_exactly_once(form: Form, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="asyncio")
    figures = run_soak(form, HOURS, every=20, seed=7)
    assert figures.passed, figures
    assert figures.records >= 4 * HOURS * 3600
    assert figures.breaks > 40
    assert figures.backfilled > 0
    assert figures.replayed > 0
    assert figures.unreadable > 0


def test_random_faults_have_every_kind() -> None:
    kinds = {type(fault) for fault in random_faults(seed=1, every=20)}
    assert {*faults.RoomFault.__subclasses__()} <= kinds


def test_same_faults_with_the_same_seed() -> None:
    assert [*random_faults(1, 20)] == [*random_faults(1, 20)] != [*random_faults(2, 20)]


@pytest.mark.parametrize("bad", ["lost", "duplicates", "out_of_order", "false_gaps"])
def test_result_that_did_not_pass(bad: str) -> None:
    whole = dict.fromkeys(SoakResult.__dataclass_fields__, 0)
    assert SoakResult(**whole).passed  # type: ignore[arg-type]
    assert not SoakResult(**{**whole, bad: 1}).passed  # type: ignore[arg-type]
