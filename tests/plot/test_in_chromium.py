"""HTML plots in a browser: curves are there, nothing fails, nothing is requested. Needs Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from datastore_sdk import Site, TreatmentPlot
from tests.conftest import NOW
from tests.plot.test_stage_plot import last_frac, serve, stage_of
from tests.support.chromium import Chromium, find_chromium
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response
from tests.support.sync_async_calls import Form

PROGRAM = find_chromium()
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium: install the package `chromium`"),
]
CURVES = "document.querySelectorAll('.scatterlayer .trace:has(path.js-line) .lines')"
MANY_FIELDS = "surface_treating_pressure,bottom_hole_pressure_customer,slurry_rate,clean_flow,proppant_conc"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(str(PROGRAM), tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def screenshots(pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """The folder of `--screenshots`; else that of the test, which pytest keeps for a while."""
    folder: str | None = pytestconfig.getoption("--screenshots")
    path = Path(folder) if folder else tmp_path
    path.mkdir(parents=True, exist_ok=True)
    return path


def show(browser: Chromium, plot: TreatmentPlot, path: Path) -> None:
    """Open the page of a plot, look at its curves, and take a screenshot."""
    plot.save(path.with_suffix(".html"), overwrite=True)
    browser.open(path.with_suffix(".html"))
    browser.wait_for(f"{CURVES}.length == {len(plot.traces)}")
    browser.save_screenshot(path.with_suffix(".png"))
    sizes: list[list[float]] = browser.evaluate(f"[...{CURVES}].map(e => [e.getBBox().width, e.getBBox().height])")
    assert all(width > 300 and height > 1 for width, height in sizes), sizes
    assert browser.problems == []
    assert browser.requests == [path.with_suffix(".html").as_uri(), "data:,"][: len(browser.requests)]


@pytest.mark.usefixtures("sandbox")
def test_a_stage_is_drawn(form: Form, browser: Chromium, screenshots: Path) -> None:
    plot = form(last_frac(form), "plot", tz="site")
    show(browser, plot, screenshots / "stage")
    texts: list[str] = browser.evaluate("[...document.querySelectorAll('text')].map(e => e.textContent)")
    for text in (plot.title, plot.subtitle, "Surface Treating Pressure (psi)", "Slurry Rate (bbl/min)", "shut-in"):
        assert text in " ".join(texts), texts
    assert browser.evaluate("document.title") == plot.title
    assert browser.evaluate("document.documentElement.scrollHeight <= window.innerHeight")  # it fits the window
    buttons: list[str] = browser.evaluate("[...document.querySelectorAll('.modebar-btn')].map(e => e.dataset.title)")
    assert buttons
    assert not any("cloud" in button.lower() for button in buttons), buttons
    browser.move_mouse(700, 400)
    browser.wait_for("document.querySelectorAll('.hoverlayer .legend text').length >= 4")
    hover: str = browser.evaluate("document.querySelector('.hoverlayer').textContent")
    assert "psi" in hover
    assert "bbl/min" in hover
    browser.save_screenshot(screenshots / "hover.png")
    assert browser.problems == []


@pytest.mark.usefixtures("sandbox")
def test_panels_and_ranges_are_drawn(browser: Chromium, screenshots: Path) -> None:
    site = Site(id=981)
    hours = (NOW - timedelta(hours=6), NOW)
    show(browser, site.plot(*hours, fields=MANY_FIELDS, stacked=True, si_units=True), screenshots / "stacked")
    assert (
        browser.evaluate("document.querySelectorAll('.infolayer .g-ytitle, .ytitle, .y2title, .y3title').length") >= 3
    )


def test_texts_of_the_service_are_shown_as_they_are(
    serving: Serving, form: Form, browser: Chromium, screenshots: Path
) -> None:
    label = "</script><script>console.error(1)</script><b>p</b>"
    fields = http_response(200, [{"name": "p", "label": label, "imperial_unit": "<i>psi"}])
    well = http_response(200, {"id": 981, "name": label})
    plot = form(stage_of(serve(serving, fields=fields, **{"sites/981": well})), "plot", "p")
    plot.save(screenshots / "texts.html", overwrite=True)
    browser.open(screenshots / "texts.html")
    browser.wait_for(f"{CURVES}.length == 1")
    browser.save_screenshot(screenshots / "texts.png")
    assert browser.evaluate("document.title") == f"{label}, stage 7"
    texts: list[str] = browser.evaluate("[...document.querySelectorAll('text')].map(e => e.textContent)")
    assert f"{label} (<i>psi)" in texts
    assert browser.problems == []
