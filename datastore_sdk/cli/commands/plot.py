"""`datastore plot`: the treatment plot of a stage or a time range."""

from __future__ import annotations

from datastore_sdk.cli.options import take_options
from datastore_sdk.cli.plot_options import PlotOptions


@take_options(PlotOptions)
def plot(options: PlotOptions) -> int:
    """Draw the treatment plot of a stage, or of a time range with its stages, to a file.

    HTML is interactive, and opens without a network. Needs the extra `plot`. The file appears when it is complete.

    Exit status: **0** saved, **1** no records, **3** wrong arguments, **4** no access, **5** not found, **6** service
    failed, **7** file not written, **130** Ctrl-C, **143** SIGTERM.

    For example:

        datastore plot --site 981 --stage 2 --tz site -o stage.html

        datastore plot --site 981 --since 12h --fields surface_treating_pressure,slurry_rate --stacked -o night.png
    """
    from datastore_sdk.cli.save_plot import save_plot  # slow to import

    return save_plot(options)
