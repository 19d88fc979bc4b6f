"""Content of the live view, from records and states of all kinds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from datastore_sdk.cli.watch.model import SHOWN_SECONDS, WatchedField, WatchModel
from datastore_sdk.realtime import Gap

END = 1_758_196_800
FIELDS = [WatchedField("p", "Pressure", "psi"), WatchedField("q", "Rate", "bbl/min")]


def build_model(site: int | None = None) -> WatchModel:
    return WatchModel("Pad", {981: "1H", 982: "2H"}, FIELDS, site=site)


def latest(model: WatchModel, site: int, field: str = "p", end: int = END) -> Any:
    return model.wells[site].curves[field].latest(end)


def test_records_go_to_their_wells() -> None:
    model = build_model()
    model.add_records(
        [
            {"timestamp": END - 1, "site_id": 981, "p": 1},
            {"timestamp": END, "site_id": 982, "p": 2.5, "q": 3},
            {"timestamp": END, "site_id": "981", "q": 4},
        ],
        END,
    )
    assert latest(model, 981) == (END - 1, 1)
    assert latest(model, 982) == (END, 2.5)
    assert latest(model, 981, "q") == (END, 4)


def test_values_that_are_no_numbers_are_left_out() -> None:
    model = build_model()
    for value in (None, "Infinity", "5", True, float("inf"), float("nan"), [1]):
        model.add_records([{"timestamp": END, "site_id": 981, "p": value}], END)
    assert latest(model, 981) is None


def test_records_without_time_or_well_are_left_out() -> None:
    model = build_model()
    model.add_records(
        [{"site_id": 981, "p": 1}, {"timestamp": "soon", "site_id": 981}, {"timestamp": END, "p": 1}], END
    )
    assert latest(model, 981) is None
    assert len(model.wells) == 2


def test_unknown_wells_are_added() -> None:
    model = build_model()
    model.add_records([{"timestamp": END, "site_id": 7, "p": 1}], END)
    assert model.wells[7].name == "site 7"


def test_a_site_owns_all_records() -> None:
    model = WatchModel("1H", {981: "1H"}, FIELDS, site=981)
    model.add_records([{"timestamp": END, "p": 1}, {"timestamp": END - 1, "site_id": 5, "p": 2}], END)
    model.add_gap(
        Gap(start=datetime.fromtimestamp(END, UTC), end=datetime.fromtimestamp(END, UTC), source=None, reason="")
    )
    assert [*model.wells] == [981]
    assert len(model.wells[981].gaps) == 1


def test_the_service_clock_decides() -> None:
    model = build_model()
    assert model.select_time(END) == (END - SHOWN_SECONDS + 1, END)
    model.add_records([{"timestamp": END, "site_id": 981, "p": 1}], END + 3600)  # this computer is an hour ahead
    assert model.select_time(END + 3605) == (END + 5 - SHOWN_SECONDS + 1, END + 5)


def test_one_wrong_clock_moves_nothing() -> None:
    model = WatchModel("Pad", {1: "1H", 2: "2H", 3: "3H"}, FIELDS)
    for site, second in ((1, END), (2, END - 1), (3, END + 86_400)):
        model.add_records([{"timestamp": second, "site_id": site, "p": 1}], END)
    assert model.select_time(END)[1] == END
    assert latest(model, 3, end=END + 100_000) is None  # its value is a day ahead


def test_late_records_do_not_move_the_time() -> None:
    """They may come in one list with the newest ones."""
    model = build_model()
    model.add_records([{"timestamp": END - offset, "site_id": 981, "p": 1} for offset in (0, 300, 2)], END)
    assert model.select_time(END)[1] == END


def test_old_values_and_gaps_are_forgotten() -> None:
    model = build_model()
    model.add_records(
        [{"timestamp": END - 800, "site_id": 981, "p": 1}, {"timestamp": END, "site_id": 981, "p": 1}], END
    )
    second = datetime.fromtimestamp(END - 800, UTC)
    model.add_gap(Gap(start=second, end=second, source=981, reason="lost"))
    model.select_time(END + 50)
    assert (len(model.wells[981].gaps), model.wells[981].curves["p"].limits(0, END - 1)) == (1, (1, 1))
    model.select_time(END + 101)
    assert (len(model.wells[981].gaps), model.wells[981].curves["p"].limits(0, END - 1)) == (0, None)


def test_connection_remembers_its_last_change() -> None:
    model = build_model()
    model.set_connection(is_open=False, reconnections=0, backfilled=0, now=1)
    first = model.connection.since
    assert first is None
    for now, is_open in ((2, True), (3, True), (4, False), (5, False)):
        model.set_connection(is_open=is_open, reconnections=1, backfilled=2, now=now)
    assert (model.connection.since, model.connection.is_open) == (4, False)


def test_states_name_wells() -> None:
    model = build_model()
    model.set_state(983, name="3H", state="frac_frac", stage=7, since=None)
    model.set_state(981, name=None, state="", stage=None, since=None)
    assert (model.wells[983].name, model.wells[983].state, model.wells[983].stage_number) == ("3H", "frac_frac", 7)
    assert model.wells[981].name == "1H"
