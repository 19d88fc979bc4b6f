"""The version, as `pyproject.toml` has it too: looking it up in the installed metadata costs a fifth of the import time."""

VERSION = "0.1.0"
