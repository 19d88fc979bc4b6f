"""Run a sandbox on its own: `python -m datastore_sdk.sandbox --port 8123`."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

from datastore_sdk.sandbox.server import Sandbox


def _parse_timestamp(text: str) -> datetime:
    try:
        timestamp = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a timestamp such as 2025-09-18T12:00:00Z: {text!r}") from None
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Run a simulated Restream service on this machine, until Ctrl-C.",
        epilog=f"For example: {program} --port 8123 --days 2",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the simulated field (default: %(default)s)")
    parser.add_argument("--days", type=float, default=4, help="length of the history in days (default: %(default)s)")
    parser.add_argument(
        "--now",
        type=_parse_timestamp,
        help="freeze the simulated clock at this time; no live data arrives then, unless --speed is given",
    )
    parser.add_argument(
        "--speed", type=float, help="speed of the simulated clock, from --now or the present; 1 is real time"
    )
    parser.add_argument("--token", help="bearer token (default: a new one)")
    parser.add_argument("--untidy", type=int, metavar="SEED", help="send untidy responses, as real services do")
    parser.add_argument("--json", action="store_true", help="print the environment variables as one JSON object")
    parser.add_argument("--admin", action="store_true", help="let other programs on this machine inject faults")
    return parser


def main(arguments: Sequence[str] | None = None, program: str = "python -m datastore_sdk.sandbox") -> int:
    """Serve until Ctrl-C or SIGTERM.

    Prints the environment variables to set on standard output, everything else on standard error.

    Args:
        arguments: Command-line arguments. Default: those of this process.
        program: Name of the program in its help and error messages.
    """
    parser = _parser(program)
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        sandbox = Sandbox(
            seed=options.seed,
            now=options.now,
            speed=options.speed,
            days=options.days,
            host=options.host,
            port=options.port,
            token=options.token,
            untidy=options.untidy,
            admin=options.admin,
        ).start()
    except (ImportError, ValueError, OverflowError) as error:
        parser.error(str(error))
    except OSError as error:
        print(_cannot_listen(options.host, options.port, error), file=sys.stderr)  # noqa: T201 - for the program that started it
        return 1
    try:
        print(_format_host(_environment(sandbox), as_json=options.json), flush=True)  # noqa: T201 - this is what it is for
        stop.wait()
    finally:
        sandbox.stop()
    return 0


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    way_out = "; choose another one with --port, or none for a free one" if error.errno == errno.EADDRINUSE else ""
    return f"The sandbox cannot listen on {host}, port {port}: {error.strerror or error}{way_out}."


def _environment(sandbox: Sandbox) -> dict[str, str]:
    admin = {"RESTREAM_SANDBOX_ADMIN_TOKEN": sandbox.admin_token} if sandbox.admin_token else {}
    return sandbox.environment | admin


def _format_host(environment: dict[str, str], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(environment)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


if __name__ == "__main__":
    sys.exit(main())
