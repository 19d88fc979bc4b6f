"""What `datastore plot` does: check its options, then draw the stage or the range, and save the plot."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from datastore_sdk import Site, TreatmentPlot
from datastore_sdk.cli.assets import display_zone, open_asset, resolve_zone, validate_exists
from datastore_sdk.cli.console import print_message
from datastore_sdk.cli.download import validate_output
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.plot_options import PlotOptions
from datastore_sdk.cli.ranges import resolve_range
from datastore_sdk.cli.stage_range import Range, cover_stages, find_stages
from datastore_sdk.cli.tables import print_json
from datastore_sdk.cli.times import current_time
from datastore_sdk.enums import StageNameFilters
from datastore_sdk.exceptions import NoRecordsError
from datastore_sdk.plot.content import DEFAULT_FIELDS
from datastore_sdk.plot.treatment_plot import validate_format

_OF_A_PAD = "a plot shows one well; list those of the pad with: datastore sites --pad {id}"


def save_plot(options: PlotOptions) -> int:
    """Save a plot, and return the exit status."""
    target = _validate_options(options)
    with open_asset(None, options.site, options.profile, advice=_OF_A_PAD) as (client, site):
        validate_exists(site, client)
        zone = resolve_zone(options.tz, site, client)
        limits = resolve_range(options.since, options.from_, options.to, zone)
        try:
            plot = _draw(Site(site.id, client=client), options, limits, display_zone(zone))
        except NoRecordsError as error:
            raise CommandError(
                f"{error}; see when it has with: datastore stages --site {site.id}", ExitStatus.NO_RECORDS
            ) from error
    plot.save(target, overwrite=options.overwrite, cdn=options.cdn)
    size = target.stat().st_size
    if options.json:
        print_json({"file": str(target), "title": plot.title, "bytes": size})
    elif not options.quiet:
        print_message(f"{target}: {plot.title}, {plot.subtitle}, {size / 1e6:,.1f} MB")
    return ExitStatus.DONE


def _validate_options(options: PlotOptions) -> Path:
    """Return the file to write.

    Raises:
        CommandError: Options are missing, or the file exists.
        ImportError: The extra `plot` is not installed.
        OSError: The path is invalid.
        ValueError: The suffix is unknown.
    """
    if options.pad is not None:
        raise CommandError(_OF_A_PAD.format(id=options.pad))
    if options.site is None:
        raise CommandError("which well? pass --site ID; list them with: datastore sites")
    if options.since is None and options.from_ is None and options.stage is None:
        raise CommandError("which time? pass --stage 7, or --since 24h, or --from and --to")
    if options.output is None:
        raise CommandError("pass -o FILE, with .html, .png, .pdf or .svg")
    return validate_output(options.output, overwrite=options.overwrite, validate=validate_format)


def _draw(site: Site, options: PlotOptions, limits: Range, zone: tzinfo) -> TreatmentPlot:
    fields = DEFAULT_FIELDS if options.fields is None else options.fields
    if options.stage is not None:
        found = find_stages(site, options.stage, options.state or StageNameFilters.FRAC, limits)
        if len(found) == 1:
            return found[0].plot(fields, tz=zone, si_units=options.si, stacked=options.stacked)
        limits = cover_stages(found, limits)
    start, end = limits
    now = current_time().replace(microsecond=0)
    return site.plot(start, min(end or now, now), fields=fields, tz=zone, si_units=options.si, stacked=options.stacked)
