"""Folders and files of the project that tests read."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONPATH = os.pathsep.join([str(ROOT), str(ROOT / "generated")])
"""Value of this variable for processes that import the SDK or helpers of the tests."""
CASSETTES = ROOT / "tests" / "recorded" / "cassettes"
CERTIFICATE = ROOT / "tests" / "support" / "certificate.pem"
"""A self-signed certificate for 127.0.0.1, with its key."""
SAMPLES = ROOT.parent / "shared" / "samples"
"""Recorded responses of the service. They are not part of the project; tests that need them skip if they are absent."""
