"""`datastore plot`: files, and one line for each bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from datastore_sdk import Site
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.paths import PYTHONPATH

Output = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("at_now")

RANGE = ["plot", "--site", "981", "--since", "6h"]
STAGE = ["plot", "--site", "981", "--stage", "2"]


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sandbox")
def test_file_equals_that_of_the_sdk(tmp_path: Path, capsys: Output) -> None:
    file, expected = tmp_path / "stage.html", tmp_path / "expected.html"
    options = ["--fields", "surface_treating_pressure,slurry_rate", "--si", "--stacked", "--tz", "site", "--cdn"]
    assert main([*STAGE, *options, "-o", str(file)]) == ExitStatus.DONE
    (stage,) = Site(id=981).get_stages_metadata(stage_number=2, stage_name_filter="frac")
    plot = stage.plot("surface_treating_pressure,slurry_rate", tz="site", si_units=True, stacked=True)
    plot.save(expected, cdn=True)
    assert without_id(file) == without_id(expected)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{file}: {plot.title}, {plot.subtitle}, {file.stat().st_size / 1e6:.1f} MB\n"


def without_id(file: Path) -> str:
    """Return a page without the id of its element, which is random."""
    text = file.read_text("utf-8")
    element = text.partition('<div id="')[2].partition('"')[0]
    return text.replace(element, "")


@pytest.mark.usefixtures("sandbox")
def test_range_is_drawn_up_to_now(tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "night.png"
    hours = ["--from", "2025-09-18T08:00:00Z", "--to", (NOW + timedelta(days=1)).isoformat()]
    assert main(["plot", "--site", "981", *hours, "-o", str(file), "--json"]) == ExitStatus.DONE
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "file": str(file),
        "title": Site.get_model(id=981).name,
        "bytes": file.stat().st_size,
    }
    assert err == ""
    assert file.read_bytes().startswith(b"\x89PNG")
    assert main([*STAGE, "-o", str(tmp_path / "stage.svg"), "-q"]) == ExitStatus.DONE
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("sandbox")
def test_interrupted_stage_is_drawn_with_all_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    parts = Site(id=981).get_stages_metadata(start_date=NOW - timedelta(days=1), stage_name_filter="frac")[1:3]

    def find_parts(*_: object) -> object:
        return parts

    monkeypatch.setattr("datastore_sdk.cli.save_plot.find_stages", find_parts)
    assert main([*STAGE, "-o", str(tmp_path / "stage.svg")]) == ExitStatus.DONE
    assert parts[-1].start.strftime("%Y-%m-%d %H:%M to ") in capsys.readouterr().err


ERRORS = [
    (["plot", "--stage", "2", "-o", "x.html"], ExitStatus.COULD_NOT_RUN, "which well? pass --site ID"),
    (["plot", "--site", "981", "-o", "x.html"], ExitStatus.COULD_NOT_RUN, "which time? pass --stage 7, or --since"),
    (STAGE, ExitStatus.COULD_NOT_RUN, "pass -o FILE, with .html"),
    ([*STAGE, "-o", "x.jpg"], ExitStatus.COULD_NOT_RUN, "a plot is saved as .html, .png, .pdf, .svg, not '.jpg'"),
    ([*STAGE, "-o", "-"], ExitStatus.COULD_NOT_RUN, "not 'without suffix'"),
    ([*STAGE, "-o", "old.html"], ExitStatus.NOT_WRITTEN, "old.html exists already; add --overwrite"),
    (
        [*STAGE, "--pad", "681", "-o", "x.html"],
        ExitStatus.COULD_NOT_RUN,
        "a plot shows one well; list those of the pad with: datastore sites --pad 681",
    ),
    (
        ["plot", "--site", "981", "--from", "2025-09-19T00:00:00Z", "-o", "x.html"],
        ExitStatus.COULD_NOT_RUN,
        "lies in the future; now it is",
    ),
    (
        ["plot", "--site", "681", "--since", "1h", "-o", "x.html"],
        ExitStatus.NOT_FOUND,
        "there is a pad 681: a plot shows one well; list those of the pad with: datastore sites --pad 681",
    ),
    (
        ["plot", "--site", "681", "--stage", "2", "-o", "x.html"],
        ExitStatus.NOT_FOUND,
        "there is a pad 681: a plot shows one well",
    ),
    (
        ["plot", "--site", "981", "--stage", "999", "-o", "x.html"],
        ExitStatus.NOT_FOUND,
        "site 981 has no frac stage 999; it has 1 to",
    ),
    (
        [*STAGE, "--fields", "slury_rate", "-o", "x.html"],
        ExitStatus.COULD_NOT_RUN,
        "site 981 has no field 'slury_rate'; did you mean 'slurry_rate'?",
    ),
    (
        [*RANGE, "--fields", "valve_1", "-o", "x.html"],
        ExitStatus.COULD_NOT_RUN,
        "site 981 has no field 'valve_1'",
    ),
    (
        ["plot", "--site", "981", "--from", "2025-01-01", "--to", "2025-01-02", "--tz", "UTC", "-o", "x.html"],
        ExitStatus.NO_RECORDS,
        "there is nothing to plot: no record of site 981",
    ),
    ([*STAGE, "--tz", "Texas", "-o", "x.html"], ExitStatus.COULD_NOT_RUN, "'Texas' is not a time zone"),
]


@pytest.mark.usefixtures("sandbox")
def test_bad_input_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.html").write_text("old")
    for arguments, status, message in ERRORS:
        assert main(arguments) == status, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert message in err
        assert err.count("\n") == 1, err
    assert [path.name for path in tmp_path.iterdir()] == ["old.html"]
    assert (tmp_path / "old.html").read_text() == "old"


def test_nothing_is_requested_without_the_extra(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    sandbox.requests.clear()
    for module, name in (("plotly", "x.html"), ("matplotlib", "x.pdf"), ("tsdownsample", "x.png")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            assert main([*STAGE, "-o", str(tmp_path / name)]) == ExitStatus.COULD_NOT_RUN
        assert capsys.readouterr().err == (
            f'datastore: this feature needs {module}; run: pip install "restream-datastore-sdk[plot]"\n'
        )
    assert not sandbox.requests


@pytest.mark.exhaustive
def test_no_display_is_needed(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    environment |= {
        **sandbox.environment,
        "MPLBACKEND": "TkAgg",
        "PYTHONPATH": PYTHONPATH,
    }
    command = [sys.executable, "-m", "datastore_sdk.cli", *STAGE, "-q", "-o", str(tmp_path / "stage.png")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ExitStatus.DONE, "", "")
