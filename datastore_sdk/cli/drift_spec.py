"""`datastore drift spec`: contract against contract."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.output import FormatOption, JsonOption, OutputFormat, deliver
from datastore_sdk.drift import Spec, compare, load, shipped

SHIPPED = "sdk"
"""Stands for the contract that this SDK was generated from."""


def spec(
    old: Annotated[str, typer.Argument(help=f"The contract so far: a file, a URL, or `{SHIPPED}` for this SDK's own.")],
    new: Annotated[str, typer.Argument(help="The contract to come: a file, a URL, or `sdk`.")],
    *,
    format: FormatOption = OutputFormat.TEXT,
    json: JsonOption = False,
) -> int:
    """List what changed between two contracts, and what that means to programs that use the SDK.

    Each change is classed as **breaking**, **compatible** or **documentation**, with the classes, methods and
    attributes of the SDK that it touches. Contracts are OpenAPI 3.0 or 3.1, in YAML or JSON.

    Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.

    For example:

        datastore drift spec openapi-old.yaml openapi-new.yaml

        datastore drift spec sdk https://example.com/openapi.json --format github
    """
    report = compare(_contract(old), _contract(new))
    deliver(report, OutputFormat.JSON if json else format)
    return report.status


def _contract(source: str) -> Spec:
    return shipped() if source == SHIPPED else Spec(load(source))
