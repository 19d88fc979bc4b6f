"""`Stage.plot()`: curves, metadata and files."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Site, Stage, TreatmentPlot
from datastore_sdk.exceptions import NoRecordsError, NotFoundError, PermissionDeniedError, UnusableValueError
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.picks.test_stage_picks import treatment_of
from tests.support.fake_service import Serving
from tests.support.http_responses import Reply, http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests

STAGE: dict[str, Any] = {
    "state": "frac_frac",
    "stage_number": 7,
    "site": 981,
    "start": 1_758_180_000,
    "end": 1_758_180_099,
}
RECORDS = [
    {"timestamp": STAGE["start"] + second, "p": second, "q": None}
    for second in range(100)
    if second not in range(40, 60)
]


def at(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def last_frac(form: Form) -> Stage:
    stages: list[Stage] = form(
        Site(id=981), "get_stages_metadata", stage_name_filter="frac", start=NOW - timedelta(days=1)
    )
    return next(stage for stage in stages if stage.end)


def serve(serving: Serving, records: Any = RECORDS, **replies: Reply) -> Client:
    """Return the client of a service that sends these records, and replies to `/fields/` and the like."""
    by_path: dict[str, Reply] = {
        "/fields/": http_response(200, []),
        "/data/": http_response(200, records),
        "/history/": http_response(200, []),
        "/data_changes/": http_response(200, {"change_log": []}),
        "/sites/981/": http_response(200, {"id": 981, "timezone": None}),
        **{f"/{name}/": reply for name, reply in replies.items()},
    }
    return serving(respond_by_path(by_path)).client


def stage_of(client: Client) -> Stage:
    values = {**STAGE, **{name: datetime.fromtimestamp(STAGE[name], UTC) for name in ("start", "end")}}
    return Stage.from_api_model(Stage.model_validate(values), client)


def test_a_plot_has_the_metadata_of_the_service(sandbox: Sandbox, form: Form) -> None:
    stage = last_frac(form)
    assert stage.end
    sandbox.requests.clear()
    plot = form(stage, "plot")
    assert [line.partition("?")[0] for line in list_requests(sandbox)] == [
        "GET /sites/981/",
        "GET /sites/981/fields/",
        "GET /sites/981/history/",
        "GET /sites/981/data_changes/",
        "GET /sites/981/data/",
    ]
    assert list_requests(sandbox)[3].endswith("?get_acknowledged=true")
    fields = {field.name: field for field in reversed(form(Site(id=981), "get_fields_metadata"))}
    for trace in plot.traces:
        field = fields[trace.field]
        assert (trace.label, trace.unit, trace.color) == (field.label, field.imperial_unit, field.primary_color)
        assert trace.range == (field.imperial_plot_min, field.imperial_plot_max)
        assert len(trace.curve) > 1000
    assert plot.title == f"{form(Site, 'get_model', id=981).name}, stage {stage.stage_number}"
    (span,) = (span for span in plot.spans if span.kind == "frac")
    assert (span.start, span.end, span.label) == (stage.start, stage.end, f"Stage {stage.stage_number}")
    assert plot.start == stage.start
    decline = plot.end - stage.end
    assert timedelta(minutes=3) < decline <= timedelta(minutes=20)
    assert plot.traces[0].curve.seconds[-1] == plot.end.timestamp()


def test_steps_flush_drops_and_shut_in_are_marked(sandbox: Sandbox, form: Form) -> None:
    stage = last_frac(form)
    true = treatment_of(sandbox, stage)
    plot = form(stage, "plot", ["surface_treating_pressure"], si_units=True)  # the marks do not depend on the fields
    assert plot.traces[0].unit == "kPa"
    steps = [mark for mark in plot.marks if mark.kind == "step"]
    assert [mark.label for mark in steps] == [f"step {number}" for number in range(1, len(steps) + 1)]
    (flush,) = (mark for mark in plot.marks if mark.kind == "flush")
    (shut_in,) = (mark for mark in plot.marks if mark.kind == "shut-in")
    assert steps[-1].at < flush.at < shut_in.at
    assert abs(shut_in.at.timestamp() - true.shut_in_at) < 10
    full = range(true.full_rate_at - true.start + 60, true.shut_in_at - true.start - 60)
    low = [second for second in full if true.rate(second) < 0.95 * true.rate(full[0])]
    drops = [mark.at.timestamp() - true.start for mark in plot.marks if mark.kind == "rate drop"]
    assert drops == pytest.approx(low[:1], abs=5)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sandbox")
def test_the_figure_is_in_the_time_of_the_well(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = last_frac(form)
    plot = form(stage, "plot", tz="site")
    assert plot.timezone == "US/Central"
    plotly: Any = import_module("plotly")
    figure = json.loads(plot.figure().to_json(engine="json"))
    first = datetime.fromisoformat(plot.figure().data[0].x[0].isoformat())
    assert stage.start.replace(tzinfo=None) - first == timedelta(hours=5)
    assert [trace["name"] for trace in figure["data"]] == [trace.title for trace in plot.traces]
    assert figure["layout"]["yaxis2"]["side"] == "right"
    assert figure["layout"]["yaxis"]["range"] == [*(plot.traces[0].range or ())]
    assert figure["layout"]["modebar"]["remove"] == ["sendChartToCloud"]  # the data stays here
    monkeypatch.setattr(plotly.io.renderers, "default", "plotly_mimetype")  # as in a notebook
    assert "application/vnd.plotly.v1+json" in plot._repr_mimebundle_()
    assert repr(plot) == f"TreatmentPlot({plot.title!r}, surface_treating_pressure, slurry_rate, proppant_conc)"


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sandbox")
def test_plot_is_saved_in_the_format_of_the_suffix(form: Form, tmp_path: Path) -> None:
    plot: TreatmentPlot = form(last_frac(form), "plot", tz="US/Central")
    starts = {"html": b"<!doctype html>", "png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for kind, start in starts.items():
        plot.save(tmp_path / f"stage.{kind}")
        assert (tmp_path / f"stage.{kind}").read_bytes().startswith(start)
    assert (tmp_path / "stage.html").stat().st_size > 3_000_000  # the library is inside
    plot.save(tmp_path / "stage.html", overwrite=True, cdn=True)
    assert (tmp_path / "stage.html").stat().st_size < 1_000_000
    with pytest.raises(FileExistsError):
        plot.save(tmp_path / "stage.png")
    for name in ("stage.jpg", "stage"):
        with pytest.raises(ValueError, match=r"a plot is saved as \.html, \.png, \.pdf, \.svg, not"):
            plot.save(tmp_path / name)


def test_gaps_stay_and_fields_without_values_are_empty(serving: Serving, form: Form, tmp_path: Path) -> None:
    plot = form(stage_of(serve(serving)), "plot", "p,q")
    first, second = plot.figure().data
    assert list(first.y).count(None) == 1
    assert first.connectgaps is False
    assert list(second.y) == []
    plot.save(tmp_path / "stage.png")


ODD_FIELDS: list[dict[str, Any]] = [
    {
        "name": "p",
        "label": [5],
        "imperial_unit": ["psi"],
        "primary_color": "red;}",
        "imperial_plot_min": 10,
        "imperial_plot_max": 5,
    },
    {"name": ["p"]},
    {"name": "q", "label": "<b>q</b>", "imperial_plot_min": "0", "imperial_plot_max": 9, "connect_nulls": "yes"},
]


def test_odd_metadata_costs_that_value_only(serving: Serving, form: Form, tmp_path: Path) -> None:
    odd = http_response(200, ODD_FIELDS)
    well = http_response(200, {"id": 981, "name": "<b>$\\frac$</b>"})
    plot = form(stage_of(serve(serving, fields=odd, **{"sites/981": well})), "plot", ["p", "q"])
    assert plot.title == "<b>$\\frac$</b>, stage 7"
    one, other = plot.traces
    assert (one.label, one.unit, one.range, one.connect_nulls) == ("p", None, None, False)
    assert (other.label, other.range, other.connect_nulls) == ("<b>q</b>", (0, 9), True)
    assert re.fullmatch("#[0-9A-F]{6}", one.color)
    plot.save(tmp_path / "stage.html", cdn=True)
    plot.save(tmp_path / "stage.png")


def test_only_the_records_must_arrive(serving: Serving, form: Form, caplog: pytest.LogCaptureFixture) -> None:
    refused = http_response(403, {"detail": "no"})
    by_path = {f"/{name}/": refused for name in ("sites/981", "fields", "history", "data_changes")}
    client = serving(respond_by_path({**by_path, "/data/": http_response(200, RECORDS)})).client
    with caplog.at_level(logging.WARNING, "datastore_sdk"):
        plot = form(stage_of(client), "plot", "p")
    assert plot.traces[0].title == "p"
    assert plot.title == "site 981, stage 7"
    for what in ("the name of the well", "units, labels and colours", "corrected intervals"):
        assert f"The plot comes without {what}" in caplog.text
    with pytest.raises(PermissionDeniedError):  # the time zone is needed
        form(stage_of(client), "plot", "p", tz="site")


def test_corrected_intervals_are_shaded(serving: Serving, form: Form) -> None:
    start = STAGE["start"]
    spans = [(start - 500, start - 400), (start - 9, start + 9), (start + 5, start + 20), (start + 90, start + 5000)]
    changes = [
        {"id": id_, "site": 981, "start_date": at(first), "end_date": at(last)}
        for id_, (first, last) in enumerate(spans, 1)
    ]
    odd = [{"id": 7, "site": 5, "start_date": at(start), "end_date": at(start + 60)}, {"id": 8, "start_date": "?"}, 9]
    log = http_response(200, {"change_log": [*changes, *odd]})
    plot = form(stage_of(serve(serving, data_changes=log)), "plot", "p")
    corrections = [span for span in plot.spans if span.kind == "correction"]
    assert [(span.start, span.end) for span in corrections] == [
        (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + 20, UTC)),
        (datetime.fromtimestamp(start + 90, UTC), plot.end),
    ]


@pytest.mark.filterwarnings("ignore::datastore_sdk.exceptions.MismatchWarning")  # this service ignores the range
def test_unknown_fields_are_refused_before_the_download(serving: Serving, form: Form) -> None:
    listed = http_response(200, [{"name": "surface_treating_pressure"}])
    service = serve(serving, fields=listed)
    with pytest.raises(ValueError, match="no field 'surface_treatin'; did you mean 'surface_treating_pressure'"):
        form(stage_of(service), "plot", "p,surface_treatin")
    with pytest.raises(ValueError, match="no field 'zzz'; list them with: datastore fields --site 981"):
        form(stage_of(service), "plot", "zzz")
    assert form(stage_of(service), "plot", "p").traces[0].curve  # which is not listed, but in the records


def test_errors_name_what_to_do(serving: Serving, form: Form) -> None:
    client = serve(serving)
    stage = stage_of(client)
    with pytest.raises(NoRecordsError, match=r"no record of site 981 from .* has a value of x, y"):
        form(stage, "plot", ["x", "y"])
    with pytest.raises(UnusableValueError, match="the service sent no time zone for site 981"):
        form(stage, "plot", "p", tz="site")
    with pytest.raises(ValueError, match="tz is not a time zone"):
        form(stage, "plot", tz="Texas")
    with pytest.raises(ValueError, match="fields"):
        form(stage, "plot", [])
    with pytest.raises(TypeError, match="stacked must be a bool"):
        form(stage, "plot", stacked=1)
    with pytest.raises(NotFoundError):
        form(stage_of(serve(serving, data=http_response(404, {}))), "plot")


@pytest.mark.parametrize(("module", "kind"), [("plotly", "html"), ("matplotlib", "png"), ("tsdownsample", "png")])
def test_a_missing_library_is_named(
    serving: Serving, form: Form, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, kind: str
) -> None:
    plot = form(stage_of(serve(serving)), "plot", "p")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[plot\]"):
        plot.save(tmp_path / f"stage.{kind}")
    assert not [*tmp_path.iterdir()]
