"""The version, as `pyproject.toml` has it too; looking it up in the metadata would cost a fifth of the import time."""

VERSION = "0.1.0"
