"""Run the command as `python -m datastore_sdk.cli`."""

from __future__ import annotations

import sys

from datastore_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main())
