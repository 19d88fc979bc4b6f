"""Comparison of recorded or live responses with the OpenAPI document: `datastore drift traffic`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import typer

from datastore_sdk.cli.console import print_message, result_output
from datastore_sdk.cli.report_output import OutputFormat, write_report
from datastore_sdk.client import Client
from datastore_sdk.drift import DriftError, Observations, Spec, load_shipped_spec, load_spec, observe
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.traffic import LiveProbe, record_calls, suggest_patch
from datastore_sdk.drift.traffic.cassettes import CREDENTIAL_VARIABLES
from datastore_sdk.drift.traffic.response_shapes import FILE_NAME, write_shapes


def compare_traffic(
    cassettes: Sequence[str],
    *,
    live: bool,
    pad: int | None,
    site: int | None,
    record_to: Path | None,
    shapes: bool,
    spec: str | None,
    suggest: bool,
    output_format: OutputFormat,
) -> int:
    """Compare cassettes, live responses or both, write the report, and return its status."""
    against = load_spec(spec) if spec else load_shipped_spec()
    observations = observe(against, cassettes)
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
    if suggest:
        _print_patch(against, observations, partial(write_report, report, output_format, sys.stderr))
    else:
        write_report(report, output_format)
    return report.status


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
