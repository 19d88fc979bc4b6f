"""A script that saves some records is over soon: it imports no more than it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.data.fake_record_service import RecordService, records_of
from tests.support.fixtures import Serve
from tests.support.paths import PYTHONPATH

PROGRAM = """
import json, sys
from datastore_sdk import Site
from tests.data.fake_record_service import datetime_at

site = Site(id=981, auth_token="t0ken-0123456789")
site.get_data(start_datetime=datetime_at(0), end_datetime=datetime_at(9)).save(sys.argv[1])
print(json.dumps(list(sys.modules)))
"""
SELDOM_NEEDED = {
    "asyncio",
    "websockets",
    "datastore_sdk.data.streaming.json_prefix",
    "datastore_sdk.data.saving.journal",
}


def test_save_imports_no_rarely_used_module(serve: Serve, tmp_path: Path) -> None:
    server = serve(RecordService(records_of(10)))
    path = tmp_path / "records.json"
    environment = os.environ | {
        "PYTHONPATH": PYTHONPATH,
        "RESTREAM_HOST": server.url,
    }
    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert len(json.loads(path.read_bytes())) == 10
    assert SELDOM_NEEDED & {*json.loads(done.stdout)} == set()
