"""Mirrors that are killed lose, double and falsely acknowledge nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.mirror.killed_mirrors import StoreKind, run_killed
from tests.mirror.postgres_server import create_database
from tests.support.exhaustive import first


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", first(1, range(1, 5)))
@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
def test_killed_mirror_stays_true(seed: int) -> None:
    outcome = run_killed(seed, "duckdb", kills=2, since=timedelta(minutes=5))
    assert outcome.kills == 2
    assert outcome.sound, outcome


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("kind", ["postgres", "delta"])
def test_killed_mirror_in_other_stores_stays_true(kind: StoreKind) -> None:
    target = create_database() if kind == "postgres" else None
    outcome = run_killed(1, kind, target, kills=4, since=timedelta(minutes=5))
    assert outcome.sound, outcome
