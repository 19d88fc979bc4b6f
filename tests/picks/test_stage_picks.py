"""`Stage.picks()` against the sandbox, whose true values are known, and against services that fail."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Picks, Site, Stage
from datastore_sdk.exceptions import NotFoundError, NotLoadedError
from datastore_sdk.sandbox import Sandbox
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.operations import PadOperations
from tests.conftest import NOW
from tests.picks.synthetic_stage import ISIP, SECONDS, SHUT_IN, START, concentration, pressure, rate
from tests.support.exhaustive import first
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests

ISIP_TOLERANCE = 30
"""psi: a straight line does not follow the curvature of the decline."""
DECLINE_TOLERANCE = 40
BREAKDOWN_TOLERANCE = 0.02
"""Share: the noise of the pressure adds to the peak."""
PSI = 6.894757
"""In kPa."""
STAGE: dict[str, Any] = {
    "id": 9,
    "state": "frac_frac",
    "stage_number": 7,
    "site": 981,
    "start": datetime.fromtimestamp(START, tz=UTC).isoformat(),
    "end": datetime.fromtimestamp(START + SHUT_IN + 60, tz=UTC).isoformat(),
}


def treatment_of(sandbox: Sandbox, stage: Stage) -> Treatment:
    pad = sandbox.field.pad_of(stage.site_id)
    operations = sandbox.field.operations[pad.id]
    assert isinstance(operations, PadOperations)
    return operations.treatment(next(each for each in sandbox.field.stages(stage.site_id) if each.id == stage.id))


def fracs(form: Form, site: int) -> list[Stage]:
    """Return the finished frac stages of a site, newest first."""
    stages = form(Site(id=site), "get_stages_metadata", stage_name_filter="frac", start=NOW - timedelta(days=5))
    return [stage for stage in stages if stage.end]


@pytest.mark.parametrize(("site", "number"), first(3, [(981, 0), (944, 1), (1011, 0), (981, 1), (944, 0), (1011, 2)]))
def test_picks_match_the_true_values(sandbox: Sandbox, form: Form, site: int, number: int) -> None:
    stage = fracs(form, site)[number]
    true = treatment_of(sandbox, stage)
    picks = form(stage, "picks")
    assert isinstance(picks, Picks)
    assert picks["isip"].value == pytest.approx(true.isip, abs=ISIP_TOLERANCE)
    assert abs(picks["isip"].at.timestamp() - true.shut_in_at) <= 2
    assert picks["breakdown_pressure"].value == pytest.approx(true.breakdown_pressure, rel=BREAKDOWN_TOLERANCE)
    assert true.full_rate_at - 20 <= picks["time_to_rate"].at.timestamp() <= true.full_rate_at
    decline = picks["decline_5_min"]
    assert decline.value == pytest.approx(true.isip - true.shut_in_pressure(5), abs=DECLINE_TOLERANCE)
    assert {each.confidence for each in picks.picks} <= {"high", "medium"}
    assert picks.screen_out_signs == ()
    assert [step.number for step in picks.steps] == [*range(true.step(true.flow_until) + 1)]
    assert picks.site == site
    assert picks.stage_number == stage.stage_number


def test_the_decline_is_read_behind_the_stage(sandbox: Sandbox, form: Form) -> None:
    """The last stage of a well: nothing follows, so all of the decline can be read."""
    stage = form(Site(id=911), "get_stages_metadata", stage_name_filter="frac")[0]
    true, picks = treatment_of(sandbox, stage), form(stage, "picks")
    for minutes in (5, 10, 15):
        pick = picks[f"decline_{minutes}_min"]
        assert pick.value == pytest.approx(true.isip - true.shut_in_pressure(minutes), abs=DECLINE_TOLERANCE)
    assert picks["decline_15_min"].at > stage.end


def test_loaded_aggregations_are_not_requested_again(sandbox: Sandbox, form: Form) -> None:
    stage = fracs(form, 981)[0]
    sandbox.requests.clear()
    picks = form(stage, "picks")
    paths = [line.partition("?")[0] for line in list_requests(sandbox)]
    assert paths == [f"GET /sites/981/{name}/" for name in ("aggregations", "history", "fields", "data")]
    assert picks.aggregations["max_surface_pressure"] > 8000
    loaded = form(Site(id=981), "get_stages_metadata", stage_number=stage.stage_number, add_aggregations=True)
    sandbox.requests.clear()
    again = form(next(each for each in loaded if each.id == stage.id), "picks")
    assert again.aggregations == picks.aggregations
    assert len(sandbox.requests) == 3


@pytest.mark.usefixtures("sandbox")
def test_si_units_convert_values_and_keep_confidence(form: Form) -> None:
    stage = fracs(form, 981)[0]
    imperial, si = form(stage, "picks"), form(stage, "picks", si_units=True)
    assert (imperial["isip"].unit, si["isip"].unit) == ("psi", "kPa")
    for name in ("isip", "breakdown_pressure", "decline_5_min"):
        assert si[name].value == pytest.approx(imperial[name].value * PSI, rel=0.001)
        assert si[name].confidence == imperial[name].confidence
    assert len(si.steps) == len(imperial.steps)


@pytest.mark.usefixtures("sandbox")
def test_stages_that_cannot_be_picked_are_refused(form: Form) -> None:
    stages = form(Site(id=981), "get_stages_metadata", start=NOW - timedelta(days=1))
    for prefix in ("wl", "standby"):
        stage = next(stage for stage in stages if stage.state.startswith(prefix))
        with pytest.raises(ValueError, match=f"picks need a frac stage, but this one is '{stage.state}'"):
            form(stage, "picks")
    frac = next(stage for stage in stages if stage.state.startswith("frac"))
    with pytest.raises(ValueError, match="must be four fields, not slurry_rate, slurry_rate, "):
        form(frac, "picks", pressure="slurry_rate")
    with pytest.raises(TypeError, match="rate must be"):
        form(frac, "picks", rate=5)


@pytest.mark.parametrize(("missing", "error"), [("site", NotLoadedError), ("start", NotLoadedError)])
def test_stages_without_a_place_or_time(serving: Serving, form: Form, missing: str, error: type[Exception]) -> None:
    stages = [{name: value for name, value in STAGE.items() if name != missing}]
    client = serving(respond_by_path({"/history/": http_response(200, stages)})).client
    (stage,) = form(Site(id=981, client=client), "get_stages_metadata")
    with pytest.raises(error, match=missing):
        form(stage, "picks")


def records() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "timestamp": START + second,
            "site_id": 981,
            "surface_treating_pressure": pressure(second),
            "slurry_rate": rate(second),
            "proppant_conc": concentration(second),
        }
        for second in SECONDS
    ]
    found += [
        {"timestamp": START + 5, "slurry_rate": None},
        {"timestamp": "soon"},
        {"timestamp": START + 6, "slurry_rate": True},
    ]
    random.Random(7).shuffle(found)
    return found


def serve(serving: Serving, **replies: Reply) -> Client:
    by_path: dict[str, Reply] = {
        "/sites/981/history/": http_response(200, [STAGE]),
        "/fields/": http_response(200, []),
        "/aggregations/": http_response(200, {}),
        "/data/": http_response(200, records()),
        **{f"/{name}/": reply for name, reply in replies.items()},
    }
    return serving(respond_by_path(by_path)).client


def stage_of(client: Client, **changes: Any) -> Stage:
    stage = Stage.model_validate({**STAGE, **changes})
    return Stage.from_api_model(stage, client)


def test_records_in_any_order(serving: Serving, form: Form) -> None:
    picks = form(stage_of(serve(serving)), "picks")
    assert picks["isip"].value == pytest.approx(ISIP, abs=0.5)
    assert picks["isip"].unit is None
    assert [step.maximum["proppant_conc"] for step in picks.steps] == [0, 1, 2, 3, 0]


def test_failing_side_requests_cost_their_result_only(
    serving: Serving, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    refused = http_response(403, {"detail": "no"})
    client = serve(serving, **{"sites/981/history": refused, "fields": refused, "aggregations": refused})
    with caplog.at_level(logging.WARNING, "datastore_sdk"):
        picks = form(stage_of(client), "picks")
    assert picks["isip"].value == pytest.approx(ISIP, abs=0.5)
    assert picks.aggregations == {}
    assert "the next stage is unknown" in caplog.text
    assert "without the aggregations of stage 9" in caplog.text


@pytest.mark.parametrize(
    "body", [{"981": "broken"}, {"981": [5, {"id": 8}]}, [], {"981": [{"id": "9", "x": 1, "y": "z"}]}]
)
def test_odd_aggregations_are_left_out(serving: Serving, form: Form, body: Any) -> None:
    picks = form(stage_of(serve(serving, aggregations=http_response(200, body))), "picks")
    assert picks.aggregations in ({}, {"x": 1})


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
def test_the_next_operation_ends_the_decline(serving: Serving, form: Form) -> None:
    end = datetime.fromisoformat(STAGE["end"])
    stages = [
        {**STAGE, "state": "standby_standby", "start": STAGE["end"], "end": None},
        {**STAGE, "state": "wl_runinhole", "start": (end + timedelta(seconds=100)).isoformat(), "site": 982},
        {**STAGE, "state": "wl_runinhole", "start": (end + timedelta(seconds=300)).isoformat(), "end": None},
        {**STAGE, "state": 5, "start": "soon"},
    ]
    service = serving(
        respond_by_path(
            {
                "/history/": http_response(200, stages),
                "/fields/": http_response(200, []),
                "/aggregations/": http_response(200, {}),
                "/data/": http_response(200, records()),
            }
        )
    )
    form(stage_of(service.client), "picks")
    (request,) = (each for each in service.server.received if each.path.endswith("/data/"))
    assert f"end_datetime={end + timedelta(seconds=299):%Y-%m-%d}" in request.target
    assert f"{end + timedelta(seconds=299):%H%%3A%M%%3A%S}" in request.target


def test_last_shut_in_of_a_stage_under_way_counts(serving: Serving, form: Form) -> None:
    """It has no aggregations and no next stage; the last shut-in so far counts."""
    stage = stage_of(serve(serving), end=None, id=None)
    isip = form(stage, "picks")["isip"]
    assert isip.value == pytest.approx(ISIP, abs=0.5)
    assert (isip.confidence, isip.note) == ("medium", "the stage is under way: the pumps may start again")


def test_picks_without_records_say_why(serving: Serving, form: Form) -> None:
    picks = form(stage_of(serve(serving, data=http_response(200, []))), "picks")
    assert picks.picks == ()
    assert {*picks.unavailable.values()} == {"no record has a value of 'surface_treating_pressure'"}


def test_a_failed_download_is_an_error(serving: Serving, form: Form) -> None:
    with pytest.raises(NotFoundError):
        form(stage_of(serve(serving, data=http_response(404, {"detail": "none"}))), "picks")


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")
@pytest.mark.parametrize("seed", first(1, range(1, 9)))
def test_untidy_services_have_true_picks_too(seed: int) -> None:
    with Sandbox(now=NOW, days=2, untidy=seed) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        stages = Site(981, client=client).get_stages_metadata(stage_name_filter="frac", start=NOW - timedelta(days=1))
        stage = next(stage for stage in stages if isinstance(stage.get("end"), datetime) and stage.get("id"))
        true, picks = treatment_of(sandbox, stage), stage.picks()
        assert {each.name for each in picks} | {*picks.unavailable} >= {"isip", "breakdown_pressure"}
        if (isip := picks.get("isip")) and isip.confidence != "low":
            assert isip.value == pytest.approx(true.isip, abs=ISIP_TOLERANCE)
        if breakdown := picks.get("breakdown_pressure"):
            assert breakdown.value == pytest.approx(true.breakdown_pressure, rel=BREAKDOWN_TOLERANCE)


@pytest.mark.parametrize("si_units", [False, True])
def test_a_screen_out_has_warning_signs(sandbox: Sandbox, form: Form, si_units: bool) -> None:
    stage = next(stage for stage in fracs(form, 942) if treatment_of(sandbox, stage).screen_out)
    true, picks = treatment_of(sandbox, stage), form(stage, "picks", si_units=si_units)
    begin, end = true.screen_out or (0, 0)
    (sign,) = picks.screen_out_signs
    assert sign.start.timestamp() < begin + 90
    assert begin + 60 < sign.end.timestamp() <= end
    assert sign.confidence == "high"
    assert sign.method == "pressure rises by 3% a minute for 90 s at constant rate"
    assert abs(picks["isip"].at.timestamp() - true.shut_in_at) <= 2
    unit = PSI if si_units else 1
    assert picks["isip"].value == pytest.approx(true.isip * unit, abs=ISIP_TOLERANCE * unit)


def test_missing_values_cost_little(serving: Serving, form: Form) -> None:
    """Seconds without a record, "Infinity", nulls and fields that are missing change no pick by much."""
    found = records()
    generator = random.Random(11)
    for record in found:
        for name in ("surface_treating_pressure", "slurry_rate", "proppant_conc"):
            match generator.randrange(40):
                case 0:
                    record[name] = "Infinity"
                case 1:
                    record[name] = None
                case 2:
                    record.pop(name, None)
                case _:
                    pass
    received = [record for record in found if generator.random() > 0.05]
    picks = form(stage_of(serve(serving, data=http_response(200, received))), "picks")
    assert picks["isip"].value == pytest.approx(ISIP, abs=5)
    assert picks["breakdown_pressure"].value == pytest.approx(8000, abs=60)
    assert picks["time_to_rate"].value == pytest.approx(240, abs=5)
    assert picks["decline_10_min"].value == pytest.approx(60, abs=5)
    assert [round(step.maximum["proppant_conc"]) for step in picks.steps] == [0, 1, 2, 3, 0]
    assert picks.screen_out_signs == ()
