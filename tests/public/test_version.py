import tomllib

import datastore_sdk
from tests.support.paths import ROOT


def test_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert datastore_sdk.__version__ == project["version"]
