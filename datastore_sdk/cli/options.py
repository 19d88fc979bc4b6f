"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from datastore_sdk.cli.completion import complete_fields, complete_pads, complete_sites, complete_zones
from datastore_sdk.enums import DataResolutions, StageNameFilters

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class Resolution(StrEnum):
    """Intervals that a record can cover."""

    SECOND = "second"
    TEN_SECOND = "ten-second"
    MINUTE = "minute"
    TEN_MINUTE = "ten-minute"
    HOUR = "hour"

    @property
    def argument(self) -> DataResolutions:
        """The member of the SDK's enumeration."""
        return DataResolutions.SECOND if self is Resolution.SECOND else DataResolutions(self.value)


PadOption = Annotated[int | None, typer.Option(help="Id of the pad.", autocompletion=complete_pads)]
SiteOption = Annotated[int | None, typer.Option(help="Id of the site (well).", autocompletion=complete_sites)]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this time until now: 24h, 7d, 90m, yesterday, or ISO 8601.")
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Start, included.")]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="End, included; a day stands for its last second.")
]
StageOption = Annotated[int | None, typer.Option(min=1, help="Number of the stage.")]
StateOption = Annotated[StageNameFilters | None, typer.Option(help="Only this operation.")]
FieldsOption = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Fields, joined by commas. Default: all.", autocompletion=complete_fields),
]
CurvesOption = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="NAMES",
        help="Fields, joined by commas. Default: treating pressure, slurry rate, proppant concentration.",
        autocompletion=complete_fields,
    ),
]
ResolutionOption = Annotated[Resolution, typer.Option(help="Interval that one record covers.")]
SiOption = Annotated[bool, typer.Option("--si", help="SI units. Default: oilfield units.")]
RoutedOption = Annotated[
    bool, typer.Option("--routed", help="With --pad: each record belongs to one site, with plain field names.")
]
AnyFieldOption = Annotated[bool, typer.Option("--any-field", help="Do not check the names of --fields.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Time zone of days and of shown times: a name, or `site` for that of the well. Default: UTC.",
        autocompletion=complete_zones,
    ),
]
ProfileOption = Annotated[str | None, typer.Option(help="Profile. Default: the one that the SDK uses.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, as the service sent it.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeOptions:
    """Options that choose a pad or site, a time range, and stages."""

    pad: PadOption = None
    site: SiteOption = None
    since: SinceOption = None
    from_: FromOption = None
    to: ToOption = None
    stage: StageOption = None
    state: StateOption = None
    tz: ZoneOption = None
    profile: ProfileOption = None


def take_options(options: type[T]) -> Callable[[Callable[[T], int]], Callable[..., int]]:
    """Return a decorator that gives a command the fields of a dataclass as options.

    typer reads them from the signature. So options that several functions pass on are declared once.
    """

    def decorate(run: Callable[[T], int]) -> Callable[..., int]:
        hints = get_type_hints(options, include_extras=True)

        @wraps(run)
        def command(**values: Any) -> int:
            return run(options(**values))

        command.__annotations__ = {**{name: hints[name] for name in options.__dataclass_fields__}, "return": int}
        command.__signature__ = Signature(  # type: ignore[attr-defined]
            [
                Parameter(field.name, Parameter.KEYWORD_ONLY, annotation=hints[field.name], default=field.default)
                for field in fields(options)
            ],
            return_annotation=int,
        )
        return command

    return decorate
