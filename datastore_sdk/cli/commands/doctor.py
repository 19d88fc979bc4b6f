"""`datastore doctor`: checks of configuration, connection and access."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import ProfileOption


def doctor(
    *,
    profile: ProfileOption = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Timeout of each check in seconds.")] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Find out why the SDK does not work on this machine.

    Checks settings and their sources, the connection to the host, its certificate, the clock, the token and WebSockets,
    and advises on each problem. It sends three cheap requests that change nothing. No secret is shown.

    Exit status: **0** no problem, **1** a problem, **3** could not run.

    For example:

        datastore doctor

        RESTREAM_HOST=http://127.0.0.1:8123 datastore doctor --timeout 2 --json
    """
    from datastore_sdk.cli.checks.runner import is_healthy, print_results, run_checks  # slow to import

    results = [*run_checks(profile, timeout)]
    print_results(results, json=json)
    return ExitStatus.DONE if is_healthy(results) else 1
