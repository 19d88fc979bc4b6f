"""Treatment plots: pressure, rate and concentration of a frac stage over time."""

from datastore_sdk.plot.content import PlotMark, PlotSpan
from datastore_sdk.plot.traces import PlotTrace
from datastore_sdk.plot.treatment_plot import TreatmentPlot

__all__ = ["PlotMark", "PlotSpan", "PlotTrace", "TreatmentPlot"]
