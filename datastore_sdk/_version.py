"""Version of the SDK, equal to that in `pyproject.toml`. Reading the metadata would take a fifth of the import time."""

VERSION = "0.1.0"
