"""Treatment plot: interactive in notebooks, and saved as HTML, PNG, PDF or SVG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.data.saving.files import open_atomic, validate_target
from datastore_sdk.plot.content import PlotContent

EXTRA = "plot"
_HTML = ".html"
_MODULES = {
    _HTML: ("plotly", "tsdownsample"),
    **dict.fromkeys((".png", ".pdf", ".svg"), ("matplotlib", "tsdownsample")),
}
"""The suffixes of plots, and the packages that write them."""


class TreatmentPlot(PlotContent, frozen=True, kw_only=True):
    """Curves of a well over time, as completions engineers draw them.

    A notebook shows it interactively. `save("stage.html")`, `save("stage.png")` and `save("stage.pdf")` write a file.
    """

    def figure(self) -> Any:
        """Return the plot as a plotly figure, to change it or to show it elsewhere. Needs the extra `plot`.

        Times are naive, in the time zone of the plot, since plotly has no time zones.

        Raises:
            ImportError: plotly or tsdownsample is not installed.
        """
        require_extra(*_MODULES[_HTML], extra=EXTRA)
        from datastore_sdk.plot.plotly_figure import build_figure

        return build_figure(self)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False, cdn: bool = False) -> None:
        """Save the plot to a file, in the format of its suffix: `.html`, `.png`, `.pdf` or `.svg`.

        HTML needs nothing else to be opened, and has the library inside (some 5 MB). Images are drawn by matplotlib, so
        no browser or display is needed. The target changes only when the file is complete.

        Args:
            path: The file.
            overwrite: Whether an existing file may be replaced.
            cdn: True: the HTML loads the library from the internet when it is opened, and has some 150 kB a curve.

        Raises:
            FileExistsError: The file exists and `overwrite` is False.
            ValueError: The suffix is unknown.
            ImportError: The extra `plot` is not installed.
        """
        suffix = validate_format(path)
        target = validate_target(path, overwrite=validate_flag(overwrite, "overwrite"))
        online = validate_flag(cdn, "cdn")
        if suffix == _HTML:
            from datastore_sdk.plot.plotly_figure import build_html

            content = build_html(self, cdn=online)
        else:
            from datastore_sdk.plot.image import draw

            content = draw(self, suffix.removeprefix("."))
        with open_atomic(target, overwrite=overwrite) as file:
            file.write(content)

    def __repr__(self) -> str:
        names = ", ".join(trace.field for trace in self.traces)
        return f"TreatmentPlot({self.title!r}, {names})"

    def _repr_mimebundle_(self, include: Sequence[str] = (), exclude: Sequence[str] = (), **options: Any) -> Any:
        """Return the interactive plot for notebooks."""
        return self.figure()._repr_mimebundle_(include, exclude, **options)


def validate_format(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a plot, after its packages were imported.

    Raises:
        ValueError: The suffix is unknown.
        ImportError: A package is missing.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _MODULES:
        raise ValueError(f"a plot is saved as {', '.join(_MODULES)}, not {suffix or 'without suffix'!r}")
    require_extra(*_MODULES[suffix], extra=EXTRA)
    return suffix
