"""The generator: same contract, same code; and `--check` sees every difference."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from _contract import ContractError, read_document
from _generated import PACKAGE, main
from _generator import attribute, generate_package, prose
from pydantic import BaseModel

from tests.support.exhaustive import first

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def root(path: Path, tmp_path: Path, generated_once: None) -> Path:  # noqa: ARG001 - the commands reuse the code
    """A copy of the contract and the generated client."""
    shutil.copy(path, tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(path.parent / PACKAGE, tmp_path / PACKAGE, ignore=ignored)
    return tmp_path


def change_contract(root: Path, change: Change) -> None:
    path = root / "openapi.yaml"
    document = read_document(path)
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.exhaustive
def test_generator_is_deterministic(path: Path, files: dict[str, str]) -> None:
    assert generate_package(path) == files


def test_generated_modules_have_a_header(files: dict[str, str]) -> None:
    modules = [text for name, text in files.items() if name.endswith(".py")]
    assert modules
    assert all(text.startswith("# Written by scripts/generate from openapi.yaml") for text in modules)
    assert "py.typed" in files


def test_generated_lines_fit_the_limit(files: dict[str, str]) -> None:
    lines = [line.partition("  # pyright: ")[0] for text in files.values() for line in text.splitlines()]
    assert [line for line in lines if len(line) > 120] == []


def test_check_passes_on_committed_code(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(root, ["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_check_reports_an_edited_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = root / PACKAGE / "models" / "pad.py"
    edited.write_text(edited.read_text().replace("id: int", "id: str"))
    assert main(root, ["--check"]) == 1
    out, err = capsys.readouterr()
    assert f"--- {PACKAGE}/models/pad.py (committed)" in out
    assert "-    id: str\n+    id: int" in out
    assert "scripts/generate" in err


def test_check_reports_missing_and_stray_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / PACKAGE / "models" / "pad.py").unlink()
    (root / PACKAGE / "api" / "stray.py").write_text("stray = 1\n")
    assert main(root, ["--check"]) == 1
    out = capsys.readouterr().out
    assert f"--- {PACKAGE}/models/pad.py (missing)" in out
    assert f"+++ {PACKAGE}/api/stray.py (not generated)" in out
    assert "-stray = 1" in out


def test_check_reports_a_changed_contract(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def add(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Pad"]["properties"]["rig"] = {"type": "string", "description": "The rig."}

    change_contract(root, add)
    assert main(root, ["--check"]) == 1
    assert '+    rig: str | None = None\n+    """The rig."""' in capsys.readouterr().out


def test_generate_fixes_what_check_reports(root: Path) -> None:
    (root / PACKAGE / "models" / "pad.py").unlink()
    (root / PACKAGE / "api" / "stray.py").touch()
    untouched = (root / PACKAGE / "models" / "site.py").stat().st_mtime_ns
    assert main(root, []) == 0
    assert main(root, ["--check"]) == 0
    assert (root / PACKAGE / "models" / "site.py").stat().st_mtime_ns == untouched


def without_items(document: dict[str, Any]) -> None:
    del document["components"]["responses"]["PadList"]["content"]["application/json"]["schema"]["items"]


def with_a_free_header(document: dict[str, Any]) -> None:
    document["components"]["parameters"]["Prefer"]["schema"] = {"type": "string"}


def with_a_name_in_the_path(document: dict[str, Any]) -> None:
    document["components"]["parameters"]["PadId"]["schema"] = {"type": "string"}


def with_a_key_that_is_no_name(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Pad"]["properties"]["2nd name"] = {"type": "string", "description": "A name."}


@pytest.mark.parametrize(
    ("change", "words"),
    first(
        2,
        [
            (without_items, "type array must have items"),
            (with_a_free_header, "Prefer: only constant ones"),
            (with_a_name_in_the_path, "pad_id of /external/thirdparty/v1/pads/{pad_id}/: only integers"),
            (with_a_key_that_is_no_name, "'2nd name' cannot become an attribute"),
        ],
    ),
)
def test_generate_unsupported_schema_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], change: Change, words: str
) -> None:
    change_contract(root, change)
    before = {path: path.read_bytes() for path in (root / PACKAGE).rglob("*.py")}
    assert main(root, []) == 1
    assert words in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (root / PACKAGE).rglob("*.py")} == before


def test_generator_renames_attributes_of_pydantic() -> None:
    for name in dir(BaseModel):
        if name.isidentifier():
            assert attribute(name) == f"{name}_"
    assert [attribute(name) for name in ("schema", "class", "list", "type", "id")] == [
        "schema_",
        "class_",
        "list_",
        "type",
        "id",
    ]


def test_generator_wraps_and_escapes_descriptions() -> None:
    assert prose("one\ntwo\n\nthree") == "one two\n\nthree"
    assert prose("name: " + "word " * 30, indent=8, hanging=4).splitlines()[1].startswith(" " * 12 + "word")
    assert prose('a """ and \\N') == 'a \\"\\"\\" and \\\\N'
    with pytest.raises(ContractError):
        attribute("_private")
