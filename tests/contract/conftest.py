from __future__ import annotations

from pathlib import Path
from typing import Any

import _generated
import pytest
import yaml
from _contract import Contract
from _generator import generate_package

from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def path() -> Path:
    return ROOT / "openapi.yaml"


@pytest.fixture(scope="session")
def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def contract(path: Path) -> Contract:
    return Contract(path)


@pytest.fixture(scope="session")
def files(path: Path) -> dict[str, str]:
    return generate_package(path)


@pytest.fixture
def generated_once(path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `scripts/generate` reuse the code that was generated from the unchanged contract: that takes a second."""
    text = path.read_bytes()
    monkeypatch.setattr(
        _generated, "generate_package", lambda of: files if of.read_bytes() == text else generate_package(of)
    )
