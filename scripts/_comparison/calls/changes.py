"""Data changes: the corrections, the corrected records, and acknowledging them."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import ACKNOWLEDGED_AGAIN, CSV_AS_SENT, NO_FLAG, READ_BY_ID
from _comparison.verdicts import Call

CHANGES: Final = (
    Call("Site(id=941).get_data_changes()", (NO_FLAG,)),
    Call('Site(id=941, auth_token="token").get_data_changes(as_dict=True)'),
    Call("Pad(id=681).get_data_changes()", (NO_FLAG,)),
    Call("Pad(id=681).get_data_changes(as_dict=True)"),
    Call("Pad(id=681).get_data_changes(get_acknowledged=True)", (NO_FLAG,)),
    Call("Site(id=984).get_data_changes(get_acknowledged=False, as_dict=True)"),
    Call("Site(id=911).get_data_changes()[0]", empty=True),
    Call("records(Site(id=911).get_data_changes()[1])", empty=True),
    # The intervals of two changes overlap: what they share is downloaded once.
    Call("records(Site(id=941).get_data_changes()[1])"),
    Call("records(Pad(id=697).get_data_changes(as_dict=True)[1])"),
    Call('Site(id=945).get_data_changes()[1].save("a.json"); contents("a.json")'),
    Call('Pad(id=697).get_data_changes()[1].save("a.csv"); contents("a.csv")', (CSV_AS_SENT,)),
    Call("records(Site(id=984).get_data_changes()[0][0].get_data())"),
    Call("records(Pad(id=697).get_data_changes(get_acknowledged=True)[0][-1].get_data())"),
    Call("change = Site(id=984).get_data_changes()[0][0]; change.update(); change", (NO_FLAG, READ_BY_ID)),
    Call(
        "change = Site(id=984).get_data_changes()[0][0];"
        " [change.confirm_data_received(), Site(id=984).get_data_changes(as_dict=True)]"
    ),
    Call(
        "change = Pad(id=697).get_data_changes()[0][0];"
        " [change.confirm_data_received(), change.confirm_data_received()]",
        (ACKNOWLEDGED_AGAIN,),
    ),
    Call(
        "change = Site(id=984).get_data_changes()[0][0]; change.confirm_data_received(); change.update(); change",
        (NO_FLAG, READ_BY_ID),
    ),
    Call(
        "received = [change.confirm_data_received() for change in Pad(id=681).get_data_changes()[0]];"
        " [received, Pad(id=681).get_data_changes(as_dict=True)]"
    ),
)
