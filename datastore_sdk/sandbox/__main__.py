"""Runs a sandbox by itself: `python -m datastore_sdk.sandbox --port 8123`."""

from __future__ import annotations

import argparse
import logging
import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

from datastore_sdk.sandbox.server import Sandbox


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m datastore_sdk.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--seed", type=int, default=7, help="of the simulated field (default: %(default)s)")
    parser.add_argument("--days", type=float, default=4, help="length of the history (default: %(default)s)")
    parser.add_argument("--now", type=_moment, help="moment at which time stands still (default: it goes on)")
    parser.add_argument("--token", help="bearer token (default: made up)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until it is told to stop by Ctrl-C or SIGTERM.

    Prints the environment variables to set on standard output, everything else on standard error.
    """
    options = _arguments(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    sandbox = Sandbox(
        seed=options.seed,
        now=options.now or time.time,
        days=options.days,
        host=options.host,
        port=options.port,
        token=options.token,
    )
    with sandbox:
        for name, value in sandbox.environment.items():
            print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201 - this is what it is for
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
