"""Numbers that engineers pick from the curves of a frac stage, as estimates."""

from datastore_sdk.picks.report import Confidence, Pick, Picks, ProppantStep, ScreenOutSign

__all__ = ["Confidence", "Pick", "Picks", "ProppantStep", "ScreenOutSign"]
