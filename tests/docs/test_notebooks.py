"""The notebooks of docs/ run from top to bottom, against a sandbox, and show what they promise."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from datastore_sdk.sandbox import Sandbox
from tests.support.paths import ROOT

MORNING = ROOT / "docs/notebooks/morning.ipynb"


def run_cell(source: str, namespace: dict[str, Any], name: str) -> Any:
    """Run a cell, and return the value of its last expression, which a notebook displays."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace) if isinstance(last, ast.Expr) else None


def run_notebook(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Run the cells of a notebook, and return its variables and the displayed values."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    shown = [run_cell("".join(cell["source"]), namespace, f"{path.name}, {cell['id']}") for cell in cells]
    return namespace, [value for value in shown if value is not None]


def test_an_engineers_morning(own_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names, shown = run_notebook(MORNING)
    assert all(str(request.status).startswith("2") for request in own_sandbox.requests)  # 201 if it is untidy
    files = {path.name for path in tmp_path.iterdir()}
    saved = {"stages.xlsx", "night.parquet", "night.parquet.coverage.json", "stage.html", "corrected.parquet"}
    assert files == saved
    plot, shown = names["plot"], [value for value in shown if value is not names["plot"]]
    stages = names["stages"]
    sheet = pd.read_excel(tmp_path / "stages.xlsx")  # pyright: ignore[reportUnknownMemberType]
    assert [*sheet["stage_number"]] == [stage.stage_number for stage in stages]
    offset = stages[0].start.replace(tzinfo=None) - sheet["start"][0]
    assert offset.total_seconds() == 5 * 3600  # Texas in summer
    assert "avg_slurry_rate" in sheet
    assert names["report"].records
    assert names["units"]["slurry_rate"] == "bbl/min"
    assert "slurry_rate [bbl/min]" in shown[-4].columns
    assert names["picks"]["isip"].unit == "psi"
    assert shown[-1] == 0  # acknowledged changes are not listed
    assert plot.timezone == "US/Central"
    assert plot.traces[0].curve
    monkeypatch.setattr(import_module("plotly.io").renderers, "default", "plotly_mimetype")  # as in a notebook
    assert "application/vnd.plotly.v1+json" in plot._repr_mimebundle_()
    for value in shown[:-1]:  # a notebook displays tables
        assert "<table" in value._repr_html_()
        assert len(repr(value)) < 5000


def test_notebooks_are_stored_without_outputs() -> None:
    for path in (ROOT / "docs/notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        assert path.read_text("utf-8") == json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
