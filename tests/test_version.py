import tomllib
from pathlib import Path

import datastore_sdk


def test_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert datastore_sdk.__version__ == project["version"]
