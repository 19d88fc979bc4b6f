"""Screenshots of the live view with a fixed clock. `PICTURES` has them: look at the difference, then replace them.

The pictures are written by `WRITE_PICTURES=1 pytest tests/cli/watch/test_view.py`.
"""

from __future__ import annotations

import io
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, Group
from rich.text import Text

from datastore_sdk.cli.watch.curve import ASCII
from datastore_sdk.cli.watch.model import WatchedField, WatchModel
from datastore_sdk.cli.watch.view import Layout, draw
from datastore_sdk.realtime import Gap
from tests.support.paths import ROOT

PICTURES = Path(__file__).parent / "pictures"
NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
END = int(NOW.timestamp())
FIELDS = [
    WatchedField("p", "Treating pressure", "psi", "#D7263D"),
    WatchedField("q", "Slurry rate", "bbl/min", "#1B6CA8"),
    WatchedField("c", "Proppant conc.", "ppa", "#C98B1B"),
]


def build_model(wells: int = 3) -> WatchModel:
    """Return a pad with a frac whose rate drops, a well that is silent, and one without values."""
    names = {981 + index: f"Caprock East {index + 1}WA" for index in range(wells)}
    model = WatchModel("Caprock East (pad 681)", names, FIELDS)
    for second in range(END - 899, END + 1):
        age = END - second
        rate = 60.0 if 300 < age < 360 else 92.0
        record = {"p": 9000 - 4 * (92 - rate) + 200 * math.sin(age / 90), "q": rate, "c": age // 300 * 0.25 + 1}
        lost = 500 < age <= 560
        records = [] if lost else [{"timestamp": second, "site_id": 981, **record}]
        records += [{"timestamp": second, "site_id": 982, "p": 2500 + age}] if age > 200 else []
        records += [{"timestamp": second, "site_id": site} for site in names if site > 982]
        model.add_records(records, second + 0.5)
    model.set_connection(is_open=True, reconnections=0, backfilled=0, now=END - 3000)
    for site, state, stage in ((981, "frac_frac", 12), (982, "wl_runinhole", 9), (983, "standby_standby", 11)):
        model.set_state(site, name=None, state=state, stage=stage, since=NOW - timedelta(hours=1))
    gap = Gap(start=NOW - timedelta(seconds=560), end=NOW - timedelta(seconds=501), source=981, reason="lost")
    model.add_gap(gap)
    model.set_connection(is_open=True, reconnections=2, backfilled=48, now=END - 400)
    return model


def show(model: WatchModel, layout: Layout) -> str:
    """Return the picture as text."""
    return "\n".join(line.plain.rstrip() for line in draw(model, END + 0.5, layout)) + "\n"


def build_disconnected() -> WatchModel:
    model = build_model()
    model.set_connection(is_open=False, reconnections=2, backfilled=48, now=END - 75)
    model.set_message("/external/thirdparty/v2/ws/pads/681/data/: the connection was lost; reconnecting in 8.0 s")
    return model


CASES = {
    "80x24": (build_model(), Layout(width=80, height=24)),
    "80x12": (build_model(), Layout(width=80, height=12)),
    "120x40": (build_model(), Layout(width=120, height=40, zone=ZoneInfo("US/Central"))),
    "48x12": (build_model(), Layout(width=48, height=12)),
    "ascii": (build_model(), Layout(width=80, height=20, levels=ASCII)),
    "disconnected": (build_disconnected(), Layout(width=80, height=24)),
    "scrolled": (build_model(8), Layout(width=80, height=10, skipped=2)),
    "empty": (WatchModel("Caprock East (pad 681)", {981: "1WA"}, FIELDS), Layout(width=80, height=8)),
}


@pytest.mark.parametrize("name", CASES)
def test_view_is_that_of_the_picture(name: str) -> None:
    shown, path = show(*CASES[name]), PICTURES / f"{name}.txt"
    if os.environ.get("WRITE_PICTURES"):
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def test_the_document_has_the_picture() -> None:
    lines = (PICTURES / "80x12.txt").read_text("utf-8").splitlines()
    picture = "\n".join(f"    {line}".rstrip() for line in lines)
    assert picture in (ROOT / "docs/live.md").read_text("utf-8")


def test_view_fits_every_size() -> None:
    model = build_model(8)
    for width in (1, 5, 20, 39, 80, 81, 300):
        for height in (1, 2, 3, 4, 10, 24, 100):
            for skipped in (0, 5, 100):
                lines = draw(model, END, Layout(width=width, height=height, skipped=skipped))
                assert len(lines) == height
                assert max(line.cell_len for line in lines) <= width


def render(lines: list[Text], *, no_color: bool = False) -> str:
    """Return what a terminal receives."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system="truecolor", width=80, no_color=no_color)
    console.print(Group(*lines))
    return output.getvalue()


def test_colors_are_those_of_the_service() -> None:
    lines = draw(build_model(), END, Layout(width=80, height=24))
    assert "38;2;215;38;61" in render(lines)
    assert "38;2" not in render(lines, no_color=True)


def test_text_of_the_service_is_no_markup() -> None:
    model = WatchModel("[red]Pad[/]", {981: "[bold]1H"}, [WatchedField("p", "[x]", "[/y]")])
    model.add_records([{"timestamp": END, "site_id": 981, "p": 1}], END)
    shown = show(model, Layout(width=80, height=10))
    assert all(text in shown for text in ("[red]Pad[/]", "[bold]1H", "[x]", "[/y]"))
