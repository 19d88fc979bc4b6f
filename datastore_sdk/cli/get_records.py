"""What `datastore get` does: check its options, then save, stream or estimate the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from shlex import join

from datastore_sdk import Data, DataAggregations, DataForm, Pad, Site, StageNameFilters
from datastore_sdk.cli.assets import describe, kind_of, open_asset, resolve_zone, validate_choice
from datastore_sdk.cli.console import print_message
from datastore_sdk.cli.download import save_data, stream_data, validate_no_partial, validate_output
from datastore_sdk.cli.errors import CommandError, to_command_error
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.field_names import has_source, validate_field_names
from datastore_sdk.cli.options import Resolution
from datastore_sdk.cli.ranges import resolve_range
from datastore_sdk.cli.saved_range import find_saved_range, is_same_range
from datastore_sdk.cli.stage_range import Range, find_stage_range
from datastore_sdk.cli.summaries import print_estimate, print_summary
from datastore_sdk.cli.times import current_time, format_option, is_relative
from datastore_sdk.exceptions import ResumeError

STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOptions:
    """Options of `datastore get`, as they were passed."""

    pad: int | None
    site: int | None
    since: str | None
    from_: str | None
    to: str | None
    stage: int | None
    state: StageNameFilters | None
    fields: str | None
    resolution: Resolution
    aggregation: DataAggregations | None
    si: bool
    routed: bool
    output: str | None
    resume: bool
    overwrite: bool
    parallel: int
    coverage: bool
    any_field: bool
    tz: str | None
    profile: str | None

    def validate(self, *, dry_run: bool) -> None:
        """Raise `CommandError` if options are missing or do not go together."""
        validate_choice(self.pad, self.site)
        if self.output is None and not dry_run:
            raise CommandError("pass -o FILE, or -o - for NDJSON on standard output, or --dry-run")
        if self.since is None and self.from_ is None and self.stage is None:
            raise CommandError("which time? pass --since 24h, or --from and --to, or --stage 7")
        if self.routed and self.pad is None:
            raise CommandError("--routed is for --pad: records of a site belong to it anyway")
        if self.stage is not None and self.pad is not None and not self.routed:
            raise CommandError("--stage on a pad needs --routed: only routed records belong to one site and its stages")
        if self.coverage and self.output == STANDARD_OUTPUT:
            raise CommandError("--coverage needs -o FILE: the report is written beside the file")
        if self.resume and self.output == STANDARD_OUTPUT:
            raise CommandError("--resume needs -o FILE: standard output cannot be resumed")

    @property
    def has_moving_range(self) -> bool:
        """Whether the range moves with the time: an hour later, the same options stand for another one."""
        return self.stage is None and (self.since is not None or self.to is None or is_relative(self.to))

    def to_resume_command(self, start: datetime | None, end: datetime | None) -> str:
        """Return the command that continues the download, with absolute times.

        Args:
            start: Start of the range, without that of the stage.
            end: End of the range, without that of the stage.
        """
        words: dict[str, object] = {
            "--pad": self.pad,
            "--site": self.site,
            "--from": start and format_option(start),
            "--to": end and format_option(end),
            "--stage": self.stage,
            "--state": self.state,
            "--fields": self.fields,
            "--resolution": None if self.resolution is Resolution.SECOND else self.resolution,
            "--aggregation": self.aggregation,
            "--si": self.si,
            "--routed": self.routed,
            "--parallel": self.parallel if self.parallel > 1 else None,
            "--coverage": self.coverage,
            "--any-field": self.any_field,
            "--profile": self.profile,
            "-o": self.output,
            "--overwrite": self.overwrite,
            "--resume": True,
        }
        flags = ([name] if value is True else [name, str(value)] for name, value in words.items() if value)
        return join(["datastore", "get", *(word for words in flags for word in words)])


def get_records(options: GetOptions, *, dry_run: bool, quiet: bool, json: bool) -> int:
    """Save, stream or estimate records, and return the exit status."""
    options.validate(dry_run=dry_run)
    to_file = options.output not in {None, STANDARD_OUTPUT}
    target = validate_output(str(options.output), overwrite=options.overwrite) if to_file else None
    if target is not None and not options.resume and not dry_run:
        validate_no_partial(target)
    with open_asset(options.pad, options.site, options.profile) as (client, asset):
        start, end = resolve_range(options.since, options.from_, options.to, resolve_zone(options.tz, asset, client))
        end = current_time().replace(microsecond=0) if end is None and start is not None else end
        if options.fields is not None and not options.any_field:
            validate_field_names(asset, options.fields)
            if options.pad is not None and not options.routed and not has_source(options.fields):
                print_message(
                    "note: records of a pad without --routed have names with the measurement source, such as "
                    "M1_slurry_rate; a plain name may match nothing"
                )
        data = _build_data(asset, options, (start, end))
        saved_range = find_saved_range(target, data) if target is not None and options.resume else None
        if saved_range and options.has_moving_range and is_same_range(saved_range, data):
            start, end = saved_range
            data = _build_data(asset, options, saved_range)
            print_message(f"continuing the interrupted download of {_format_range(saved_range)}")
        if dry_run:
            print_estimate(data.estimate(), json=json)
            return ExitStatus.DONE
        if target is None:
            records = stream_data(client, data)
        else:
            continue_with = options.to_resume_command(start, end)
            try:
                saved = save_data(
                    data,
                    target,
                    overwrite=options.overwrite,
                    quiet=quiet,
                    coverage=options.coverage,
                    continue_with=continue_with,
                )
            except ResumeError as error:
                command = options.to_resume_command(*saved_range) if saved_range else ""
                advice = f"to continue that download: {command}" if command else ""
                raise to_command_error(error, advice) or error from error
            records = saved.records
            if json:
                print_summary(saved, target)
    if records:
        return ExitStatus.DONE
    print_message(
        f"{describe(asset)} has no records there{f', {target} is empty' if target else ''}; see when it has with: "
        f"datastore stages --{kind_of(asset)} {asset.id}, datastore sites"
    )
    return ExitStatus.NO_RECORDS


def _format_range(range_: Range) -> str:
    return " to ".join(format_option(time) for time in range_ if time)


def _build_data(asset: Pad | Site, options: GetOptions, limits: Range) -> Data:
    state = options.state or (StageNameFilters.FRAC if options.stage is not None else None)
    start, end = limits
    if options.stage is not None and state is not None:
        start, end = find_stage_range(asset, options.stage, state, limits)
    form = DataForm(
        resolution=options.resolution.argument,
        aggregation=options.aggregation,
        fields=options.fields,
        si_units=options.si,
    )
    if isinstance(asset, Pad):
        return asset.get_data(
            start, end, options.stage, state, is_routed=options.routed, parallel=options.parallel, **form
        )
    return asset.get_data(start, end, options.stage, state, parallel=options.parallel, **form)
