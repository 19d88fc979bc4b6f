"""Drift planted into recorded traffic."""

from __future__ import annotations

from tests.drift.planted import V1, B, C, Deviating

IN_TRAFFIC = [
    Deviating("unknown field, text", "pads", "/pads/", lambda pad: pad.update(rig_name="Big Blue"), "field-unknown", C),
    Deviating(
        "unknown field, object",
        "pads",
        "/pads/",
        lambda pad: pad.update(rig={"id": 5, "crew": [{"name": "A", "since": None}]}),
        "field-unknown",
        C,
    ),
    Deviating("unknown field, only null", "sites", "/sites/", lambda site: site.update(rig=None), "field-unknown", C),
    Deviating(
        "unknown field, moment",
        "sites",
        "/sites/",
        lambda site: site.update(spud="2025-09-17T00:00:00Z"),
        "field-unknown",
        C,
    ),
    Deviating("unknown field, empty list", "sites", "/sites/", lambda site: site.update(rigs=[]), "field-unknown", C),
    Deviating(
        "unknown field of a nested object",
        "states",
        "/states/",
        lambda state: state["truth_table"]["schema"]["rows"][0].update(rank=1.5),
        "field-unknown",
        C,
    ),
    Deviating("field missing", "sites", "/sites/", lambda site: site.pop("lease_name"), "field-missing", B),
    Deviating(
        "field missing at the end of the list",
        "sites",
        "/sites/",
        lambda site: site.pop("timezone"),
        "field-missing",
        B,
    ),
    Deviating("type differs", "sites", "/sites/", lambda site: site.update(stage_total="many"), "type-differs", B),
    Deviating(
        "type differs, none of several",
        "sites",
        "/sites/",
        lambda site: site["metadata"].update(first_timestamp=False),
        "type-differs",
        B,
    ),
    Deviating(
        "number instead of an integer", "sites", "/sites/", lambda site: site.update(fleet_id=1.5), "type-differs", B
    ),
    Deviating(
        "null where there is none", "sites", "/sites/", lambda site: site.update(name=None), "null-unexpected", B
    ),
    Deviating(
        "null instead of an object",
        "sites",
        "/sites/",
        lambda site: site.update(metadata=None),
        "null-unexpected",
        B,
        "Site.metadata",
    ),
    Deviating(
        "object instead of text",
        "sites",
        "/sites/",
        lambda site: site.update(name={"en": "A"}),
        "type-differs",
        B,
        mended=False,
    ),
    Deviating(
        "moment in another format",
        "sites",
        "/sites/",
        lambda site: site.update(date_created="17 September"),
        "format-differs",
        B,
    ),
    Deviating(
        "record with an object",
        "data",
        "/data/",
        lambda record: record.update(slurry_rate={"v": 1}),
        "type-differs",
        B,
        mended=False,
    ),
    Deviating("record without its time", "data", "/data/", lambda record: record.pop("timestamp"), "field-missing", B),
    Deviating(
        "aggregations of another type",
        "stages",
        "/aggregations/",
        lambda answer: answer.update({"5": 1.5}),
        "type-differs",
        B,
    ),
    Deviating("unknown success", "pads", "/pads/", id, "success-status-unknown", B, response={"status": 203}),
    Deviating("redirect", "pads", "/pads/", id, "status-unknown", C, response={"status": 302, "content": b""}),
    Deviating("unknown path", "pads", "/pads/", id, "path-unknown", C, mended=False, response={"url": f"{V1}/rigs/5/"}),
    Deviating("unknown method", "pads", "/pads/", id, "method-unknown", C, mended=False, response={"method": "PUT"}),
    Deviating(
        "another media type",
        "pads",
        "/pads/",
        id,
        "media-type-unknown",
        B,
        mended=False,
        response={"media_type": "text/html"},
    ),
    Deviating("no JSON", "pads", "/pads/", id, "body-not-json", B, mended=False, response={"content": b"<html>"}),
]
