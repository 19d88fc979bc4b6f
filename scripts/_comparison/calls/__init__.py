"""The calls that both clients make: every call of the vendor's client that sends a request.

A call is Python as a user would write it; the value of its last expression is compared. Besides the names that both
packages have there are

    at("2025-09-18 08:30")    a datetime in UTC; datetime(...) has no time zone
    records(data)             all records of a Data or DataAsync
    first(data, 5)            the first items of an endless one
    contents("a.csv")         the content of a saved file; each call has an empty folder for its files

A method has the name of its sync form; its async form is called in the same places.
"""

from typing import Final

from _comparison.calls.changes import CHANGES
from _comparison.calls.errors import ERRORS
from _comparison.calls.live import LIVE
from _comparison.calls.objects import OBJECTS
from _comparison.calls.records import RECORDS
from _comparison.calls.stages import STAGES
from _comparison.verdicts import Call

CALLS: Final[tuple[Call, ...]] = (*OBJECTS, *STAGES, *RECORDS, *CHANGES, *ERRORS, *LIVE)
"""In the order in which they are made. Each works by itself, but some change what later ones find."""

NOT_COMPARED: Final = {
    "Data.convert_json_csv": "works on files",
    "DataAsync.convert_json_csv": "works on files",
    "DataChanges.get_model": "the vendor's raises NotImplementedError",
    "DataChanges.get_models": "the vendor's raises NotImplementedError",
    "Pad.get_stages_aggregations_descriptions": "an older name of get_stages_aggregations",
    "Site.get_stages_aggregations_descriptions": "an older name of get_stages_aggregations",
}
"""Methods of the vendor's that no call uses, and why."""
