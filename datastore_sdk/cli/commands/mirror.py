"""`datastore mirror`: keep pads and sites true in a database or lake."""

from __future__ import annotations

import json as json_
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

import typer

from datastore_sdk._io.clock import monotonic
from datastore_sdk.cli.console import print_error, print_message, result_output
from datastore_sdk.cli.errors import CommandError, to_command_error
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import ProfileOption, QuietOption
from datastore_sdk.cli.signals import Interruption, Terminated
from datastore_sdk.cli.times import parse_duration, parse_time
from datastore_sdk.exceptions import RestreamError

if TYPE_CHECKING:
    from datastore_sdk.client import Client
    from datastore_sdk.entities import Pad, Site
    from datastore_sdk.mirror import Mirror

PROBLEM = 1
"""Exit status if something failed, is stale, or differs."""

Store = Annotated[
    str,
    typer.Argument(metavar="STORE", help="DuckDB file (`field.duckdb`), `postgresql://...`, or `delta:` and a folder."),
]
PadsOption = Annotated[list[int] | None, typer.Option("--pad", help="Id of a pad; may be repeated.")]
SitesOption = Annotated[list[int] | None, typer.Option("--site", help="Id of a site; may be repeated.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _Result(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def add(
    store: Store,
    *,
    pad: PadsOption = None,
    site: SitesOption = None,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From this time on: 7d, 12h, yesterday, or ISO 8601.")
    ] = "7d",
    fields: Annotated[str | None, typer.Option(help="Names of fields, joined by commas. Default: all.")] = None,
    si_units: Annotated[bool, typer.Option("--si-units", help="SI units instead of oilfield units.")] = False,
    profile: ProfileOption = None,
) -> int:
    """Add pads and sites to a mirror. The next `run` downloads them.

    For example:

        datastore mirror add field.duckdb --pad 668 --since 7d
    """
    from datastore_sdk.cli.assets import describe, explain_not_found, open_client  # slow to import

    sources, start = _sources(pad, site), parse_time(since, "--since", None)
    with open_client(profile) as client, _open_mirror(store, client) as mirror:
        for source in sources:
            with explain_not_found(source, client):
                mirror.add(source, since=start, fields=fields, si_units=si_units)
    print_message(f"added {', '.join(map(describe, sources))}; download with: datastore mirror run")
    return 0


def run(
    store: Store,
    *,
    every: Annotated[str | None, typer.Option(help="Repeat at this interval (`60s`, `5m`) until SIGTERM.")] = None,
    follower: Annotated[
        bool, typer.Option("--follower", help="Acknowledge nothing: another mirror of this credential does.")
    ] = False,
    overlap: Annotated[str, typer.Option(help="How far to read again, for late records.")] = "10m",
    accept_credential: Annotated[
        bool, typer.Option("--accept-credential", help="Accept a store that was filled with another credential.")
    ] = False,
    profile: ProfileOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Read new records, apply data changes, acknowledge them.

    SIGTERM and Ctrl-C end it after the commit under way. A cycle that fails is reported; with `--every`, the next one
    tries again.

    Exit status: **0** everything was read, **1** something failed; others as for all commands.

    For example:

        datastore mirror run field.duckdb

        datastore mirror run field.duckdb --every 60s --json
    """
    from datastore_sdk.cli.assets import open_client  # slow to import

    interval = None if every is None else parse_duration(every, "--every").total_seconds()
    options = {"acknowledge": not follower, "overlap": parse_duration(overlap, "--overlap")}
    show = not quiet and sys.stderr.isatty()
    try:
        with (
            open_client(profile) as client,
            _open_mirror(store, client, accept_credential=accept_credential, **options) as mirror,
            Interruption(mirror.stop),
        ):
            if interval is None:
                return _run_once(mirror, json=json, show=show)
            _run_forever(mirror, interval, json=json, show=show)
    except Terminated:
        return ExitStatus.DONE  # the usual end of a service


def status(
    store: Store,
    *,
    max_age: Annotated[
        str | None, typer.Option(help="Exit with 1 if a site was last read completely longer ago (`15m`).")
    ] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Show how far each site was read. Makes no request.

    Exit status: **0** up to date, **1** a site failed, was never read completely or is too old, **3** could not run.

    For example:

        datastore mirror status field.duckdb --max-age 15m
    """
    from datastore_sdk.cli.assets import open_client  # slow to import

    limit = None if max_age is None else parse_duration(max_age, "--max-age")
    with open_client(profile) as client, _open_mirror(store, client) as mirror:
        found = mirror.status()
    _print(found, json=json)
    is_old = found.age is None or (limit is not None and found.age > limit)
    return PROBLEM if is_old or found.errors else 0


def verify(
    store: Store,
    *,
    sample: Annotated[int, typer.Option(min=1, help="Number of intervals of ten minutes for each site.")] = 3,
    seed: Annotated[int | None, typer.Option(help="Seed of the choice. Default: another choice each time.")] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Compare intervals of a mirror with the service.

    Exit status: **0** equal, **1** different, **3** nothing was read yet, or could not run.

    For example:

        datastore mirror verify field.duckdb --sample 10
    """
    from datastore_sdk.cli.assets import open_client  # slow to import

    with open_client(profile) as client, _open_mirror(store, client) as mirror:
        found = mirror.verify(sample=sample, seed=seed)
    _print(found, json=json)
    return 0 if found.is_equal else PROBLEM


def forget(store: Store, *, pad: PadsOption = None, site: SitesOption = None, profile: ProfileOption = None) -> int:
    """Delete pads and sites from a mirror, with their records.

    For example:

        datastore mirror forget field.duckdb --pad 668
    """
    from datastore_sdk.cli.assets import open_client  # slow to import

    with open_client(profile) as client, _open_mirror(store, client) as mirror:
        for source in _sources(pad, site):
            mirror.forget(source)
    return 0


def _open_mirror(store: str, client: Client, **options: Any) -> Mirror:
    from datastore_sdk.mirror import Mirror  # slow to import

    return Mirror(store, client=client, **options)


def _run_once(mirror: Mirror, *, json: bool, show: bool) -> int:
    report = mirror.run(progress=show)
    _print(report, json=json)
    return 0 if report.is_complete else PROBLEM


def _run_forever(mirror: Mirror, interval: float, *, json: bool, show: bool) -> NoReturn:
    while True:
        started = monotonic()
        try:
            _run_once(mirror, json=json, show=show)
        except RestreamError as error:  # it may be over when the next cycle starts
            print_error(str(to_command_error(error) or error))
        time.sleep(max(interval - (monotonic() - started), 0))


def _sources(pads: Iterable[int] | None, sites: Iterable[int] | None) -> list[Pad | Site]:
    from datastore_sdk.entities import Pad, Site  # slow to import

    kinds: list[tuple[Callable[[int], Pad | Site], Iterable[int]]] = [(Pad, pads or ()), (Site, sites or ())]
    found = [kind(id_) for kind, ids in kinds for id_ in ids]
    if not found:
        raise CommandError("name a pad (--pad 668) or a site (--site 981)")
    return found


def _print(result: _Result, *, json: bool) -> None:
    with result_output():
        typer.echo(json_.dumps(result.to_dict(), default=str) if json else str(result))
        sys.stdout.flush()
