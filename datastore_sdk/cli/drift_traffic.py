"""`datastore drift traffic`: compare recorded or live responses with the OpenAPI document."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datastore_sdk.cli.output import FormatOption, JsonOption, OutputFormat, print_message, result_output, write_report
from datastore_sdk.client import Client
from datastore_sdk.drift import DriftError, Observations, Spec, load_shipped_spec, load_spec, observe
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.traffic import LiveProbe, record_calls, suggest_patch
from datastore_sdk.drift.traffic.cassettes import CREDENTIAL_VARIABLES
from datastore_sdk.drift.traffic.response_shapes import FILE_NAME, write_shapes


def traffic(
    cassettes: Annotated[list[str] | None, typer.Argument(help="vcrpy cassettes, in YAML or JSON.")] = None,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Request about 25 resources from the service, one at a time.")
    ] = False,
    pad: Annotated[int | None, typer.Option(help="With --live: id of the pad. Default: the first.")] = None,
    site: Annotated[int | None, typer.Option(help="With --live: id of the site. Default: the first.")] = None,
    record_to: Annotated[
        Path | None,
        typer.Option("--record", help="With --live: folder for cassettes of the responses, without secrets."),
    ] = None,
    shapes: Annotated[
        bool,
        typer.Option(
            "--shapes", help=f"With --live: write {FILE_NAME}: keys and types of the responses, without values."
        ),
    ] = False,
    spec: Annotated[
        str | None, typer.Option(help="The OpenAPI document: a file or URL. Default: the SDK's own.")
    ] = None,
    suggest_patch: Annotated[
        bool, typer.Option("--suggest", help="Print a patch that adapts the document; the report goes to stderr.")
    ] = False,
    format: FormatOption = OutputFormat.TEXT,
    json: JsonOption = False,
) -> int:
    """Compare recorded or live responses with the OpenAPI document.

    Reports unknown and missing properties, other types, nulls, new values, unknown paths and statuses, each with its
    path in the response, the number of occurrences and a redacted example. With `--live`, host and credentials come
    from the environment, as for the SDK (TALLY_AUTH_TOKEN, RESTREAM_HOST, ...).

    Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.

    For example:

        datastore drift traffic tests/cassettes/*.yaml

        datastore drift traffic --live --record cassettes --json

        datastore drift traffic --live --shapes

        datastore drift traffic cassettes/*.yaml --spec openapi.yaml --suggest | git apply
    """
    only_live: dict[str, object] = {"--pad": pad, "--site": site, "--record": record_to, "--shapes": shapes or None}
    _validate_options(cassettes, live=live, only_live=only_live)
    against = load_spec(spec) if spec else load_shipped_spec()
    observations = observe(against, cassettes or ())
    if live:
        probe = _run_live_probe(observations, pad, site, record_to)
        if shapes:
            write_shapes(probe.calls, against, Path(FILE_NAME))
            print_message(
                f"Wrote {FILE_NAME}: it has no values and no names. Review it, and send it to the maintainers"
            )
    _validate_observations(observations)
    report = Report(
        f"{observations.calls} call{'s' * (observations.calls != 1)} against {against.document.name}",
        observations.findings(),
    )
    output_format = OutputFormat.JSON if json else format
    if suggest_patch:
        _print_patch(against, observations, partial(write_report, report, output_format, sys.stderr))
    else:
        write_report(report, output_format)
    return report.status


def _validate_options(cassettes: list[str] | None, *, live: bool, only_live: dict[str, object]) -> None:
    if not cassettes and not live:
        raise typer.BadParameter("pass cassettes, or --live to request from the service")
    options = [name for name, value in only_live.items() if value is not None]
    if options and not live:
        raise typer.BadParameter(f"{', '.join(options)} requires --live")


def _run_live_probe(observations: Observations, pad: int | None, site: int | None, folder: Path | None) -> LiveProbe:
    with Client() as client:
        print_message(f"Requesting from {client.base_url} ...")
        probe = LiveProbe(client, pad_id=pad, site_id=site)
        probe.run()
    if not any(call.is_success for _, call in probe.calls):
        statuses = ", ".join(sorted({str(call.status) for _, call in probe.calls}))
        raise DriftError(
            f"{client.base_url} responded to no request with a success ({statuses or 'no readable response'})"
        )
    for _, call in probe.calls:
        observations.add(call)
    if folder is not None:
        for path in record_calls(probe.calls, folder, [os.environ.get(name, "") for name in CREDENTIAL_VARIABLES]):
            print_message(f"Wrote {path}")
    return probe


def _validate_observations(observations: Observations) -> None:
    """Raise if no response could be compared, which must not look like no drift."""
    failures = f"{observations.server_errors} of {observations.calls} calls failed with a server error (5xx)"
    if observations.server_errors == observations.calls:
        raise DriftError(f"{failures}: there is nothing to compare")
    for host, calls in observations.foreign_calls.items():
        print_message(f"Skipped {calls} call{'s' * (calls != 1)} to {host or 'no host'}: another API")
    if observations.server_errors:
        print_message(f"{failures}: they are not compared")


def _print_patch(spec: Spec, observations: Observations, report: Callable[[], None]) -> None:
    suggestion = suggest_patch(spec, observations)
    with result_output():
        typer.echo(suggestion.patch.encode(), nl=False)  # bytes, so that line ends stay those of the document
    report()
    for one in suggestion.unresolved:
        print_message(f"Not in the patch: {one.deviation.rule} at {one.method} {one.path}{one.deviation.path}")
