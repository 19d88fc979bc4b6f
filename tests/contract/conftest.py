from __future__ import annotations

from pathlib import Path
from typing import Any

import _generated
import pytest
from _contract import Contract, read_document
from _generator import generate_package

from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def path() -> Path:
    return ROOT / "openapi.yaml"


@pytest.fixture(scope="session")
def document(path: Path) -> dict[str, Any]:
    return read_document(path)


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

    def generate(contract: Path) -> dict[str, str]:
        return files if contract.read_bytes() == text else generate_package(contract)

    monkeypatch.setattr(_generated, "generate_package", generate)
