"""Deviations in recorded traffic."""

from __future__ import annotations

from tests.drift.drift_cases import V1, B, C, TrafficCase

TRAFFIC_CASES = [
    TrafficCase(
        "unknown field, text", "pads", "/pads/", lambda pad: pad.update(rig_name="Big Blue"), "field-unknown", C
    ),
    TrafficCase(
        "unknown field, object",
        "pads",
        "/pads/",
        lambda pad: pad.update(rig={"id": 5, "crew": [{"name": "A", "since": None}]}),
        "field-unknown",
        C,
    ),
    TrafficCase("unknown field, only null", "sites", "/sites/", lambda site: site.update(rig=None), "field-unknown", C),
    TrafficCase(
        "unknown field, timestamp",
        "sites",
        "/sites/",
        lambda site: site.update(spud="2025-09-17T00:00:00Z"),
        "field-unknown",
        C,
    ),
    TrafficCase("unknown field, empty list", "sites", "/sites/", lambda site: site.update(rigs=[]), "field-unknown", C),
    TrafficCase(
        "unknown field of a nested object",
        "states",
        "/states/",
        lambda state: state["truth_table"]["schema"]["rows"][0].update(rank=1.5),
        "field-unknown",
        C,
    ),
    TrafficCase("field missing", "sites", "/sites/", lambda site: site.pop("lease_name"), "field-missing", B),
    TrafficCase(
        "field missing at the end of the list",
        "sites",
        "/sites/",
        lambda site: site.pop("timezone"),
        "field-missing",
        B,
    ),
    TrafficCase("type differs", "sites", "/sites/", lambda site: site.update(stage_total="many"), "type-differs", B),
    TrafficCase(
        "type differs, none of several",
        "sites",
        "/sites/",
        lambda site: site["metadata"].update(first_timestamp=False),
        "type-differs",
        B,
    ),
    TrafficCase(
        "number instead of an integer", "sites", "/sites/", lambda site: site.update(fleet_id=1.5), "type-differs", B
    ),
    TrafficCase("null for a string", "sites", "/sites/", lambda site: site.update(name=None), "null-unexpected", B),
    TrafficCase(
        "null instead of an object",
        "sites",
        "/sites/",
        lambda site: site.update(metadata=None),
        "null-unexpected",
        B,
        "Site.metadata",
    ),
    TrafficCase(
        "object instead of text",
        "sites",
        "/sites/",
        lambda site: site.update(name={"en": "A"}),
        "type-differs",
        B,
        can_be_patched=False,
    ),
    TrafficCase(
        "timestamp in another format",
        "sites",
        "/sites/",
        lambda site: site.update(date_created="17 September"),
        "format-differs",
        B,
    ),
    TrafficCase(
        "new name of a stage",
        "stages",
        "/history/",
        lambda stage: stage.update(state="coil_runinhole"),
        "known-value-new",
        C,
        "Stage.state",
    ),
    TrafficCase(
        "new state of a site",
        "states",
        "/states/",
        lambda state: state.update(current_state="wl_rigup"),
        "known-value-new",
        C,
        "State.current_state",
    ),
    TrafficCase(
        "new kind of data change",
        "data_changes",
        "/data_changes/",
        lambda body: body["change_log"][0].update(modification_type="sensor_swap"),
        "known-value-new",
        C,
        "DataChange.modification_type",
    ),
    TrafficCase(
        "record with an object",
        "data",
        "/data/",
        lambda record: record.update(slurry_rate={"v": 1}),
        "type-differs",
        B,
        can_be_patched=False,
    ),
    TrafficCase(
        "record without its time", "data", "/data/", lambda record: record.pop("timestamp"), "field-missing", B
    ),
    TrafficCase(
        "aggregations of another type",
        "stages",
        "/aggregations/",
        lambda body: body.update({"5": 1.5}),
        "type-differs",
        B,
    ),
    TrafficCase("unknown success", "pads", "/pads/", id, "success-status-unknown", B, response={"status": 203}),
    TrafficCase("redirect", "pads", "/pads/", id, "status-unknown", C, response={"status": 302, "content": b""}),
    TrafficCase(
        "unknown failure, which only `default` stands for",
        "pads",
        "/pads/",
        id,
        "status-unknown",
        C,
        response={"status": 418, "content": b'{"detail": "No."}'},
    ),
    TrafficCase(
        "call that is gone",
        "pads",
        "/pads/",
        id,
        "endpoint-gone",
        B,
        can_be_patched=False,
        response={"status": 404, "content": b'{"detail": "Not found."}'},
    ),
    TrafficCase(
        "call that is gone, of something that is there",
        "sites",
        "/sites/",
        id,
        "endpoint-gone",
        B,
        can_be_patched=False,
        response={"status": 404, "content": b'{"detail": "Not found."}', "target_exists": True},
    ),
    TrafficCase(
        "unknown path", "pads", "/pads/", id, "path-unknown", C, can_be_patched=False, response={"url": f"{V1}/rigs/5/"}
    ),
    TrafficCase(
        "unknown method", "pads", "/pads/", id, "method-unknown", C, can_be_patched=False, response={"method": "PUT"}
    ),
    TrafficCase(
        "another media type",
        "pads",
        "/pads/",
        id,
        "media-type-unknown",
        B,
        can_be_patched=False,
        response={"media_type": "text/html"},
    ),
    TrafficCase(
        "no JSON", "pads", "/pads/", id, "body-not-json", B, can_be_patched=False, response={"content": b"<html>"}
    ),
]
