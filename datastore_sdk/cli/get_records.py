"""What `datastore get` does: check its options, then save, stream or estimate the records."""

from __future__ import annotations

from datastore_sdk import Data, DataForm, Pad, Site, StageNameFilters
from datastore_sdk.cli.assets import describe, kind_of, open_asset, resolve_zone, validate_choice
from datastore_sdk.cli.console import print_message
from datastore_sdk.cli.download import save_data, stream_data, validate_no_partial, validate_output
from datastore_sdk.cli.errors import CommandError, to_command_error
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.field_names import has_source, validate_field_names
from datastore_sdk.cli.get_options import STANDARD_OUTPUT, GetOptions
from datastore_sdk.cli.ranges import resolve_range
from datastore_sdk.cli.saved_range import find_saved_range, is_same_range
from datastore_sdk.cli.stage_range import Range, find_stage_range
from datastore_sdk.cli.summaries import print_estimate, print_summary
from datastore_sdk.cli.times import current_time, format_option
from datastore_sdk.exceptions import ResumeError


def get_records(options: GetOptions) -> int:
    """Save, stream or estimate records, and return the exit status."""
    _validate_options(options)
    to_file = options.output not in {None, STANDARD_OUTPUT}
    target = validate_output(str(options.output), overwrite=options.overwrite) if to_file else None
    if target is not None and not options.resume and not options.dry_run:
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
        if options.dry_run:
            print_estimate(data.estimate(), json=options.json)
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
                    quiet=options.quiet,
                    coverage=options.coverage,
                    continue_with=continue_with,
                )
            except ResumeError as error:
                command = options.to_resume_command(*saved_range) if saved_range else ""
                advice = f"to continue that download: {command}" if command else ""
                raise to_command_error(error, advice) or error from error
            records = saved.records
            if options.json:
                print_summary(saved, target)
    if records:
        return ExitStatus.DONE
    print_message(
        f"{describe(asset)} has no records there{f', {target} is empty' if target else ''}; see when it has with: "
        f"datastore stages --{kind_of(asset)} {asset.id}, datastore sites"
    )
    return ExitStatus.NO_RECORDS


def _validate_options(options: GetOptions) -> None:
    """Raise `CommandError` if options are missing or do not go together."""
    validate_choice(options.pad, options.site)
    if options.output is None and not options.dry_run:
        raise CommandError("pass -o FILE, or -o - for NDJSON on standard output, or --dry-run")
    if options.since is None and options.from_ is None and options.stage is None:
        raise CommandError("which time? pass --since 24h, or --from and --to, or --stage 7")
    if options.routed and options.pad is None:
        raise CommandError("--routed is for --pad: records of a site belong to it anyway")
    if options.stage is not None and options.pad is not None and not options.routed:
        raise CommandError("--stage on a pad needs --routed: only routed records belong to one site and its stages")
    if options.coverage and options.output == STANDARD_OUTPUT:
        raise CommandError("--coverage needs -o FILE: the report is written beside the file")
    if options.resume and options.output == STANDARD_OUTPUT:
        raise CommandError("--resume needs -o FILE: standard output cannot be resumed")


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
