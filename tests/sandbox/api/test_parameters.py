from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
JET: dict[str, Any] = {
    "name": "avg_pressure_at_high_concentration",
    "config": {
        "field": "surface_treating_pressure",
        "aggregation": "average",
        "conditions": [{"field": "proppant_conc", "operator": "greater_than", "value": 1.6}],
    },
    "description": "How hard the last steps go in.",
}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with Sandbox(seed=7, now=NOW, days=2) as sandbox:
        base = f"{sandbox.url}/external/thirdparty/v1"
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=30) as client:
            yield client


def test_parameter_custom_is_created_and_computed(api: httpx.Client) -> None:
    path = "/pads/681/parameters/"
    defaults = api.get(path).json()
    assert {parameter["type"] for parameter in defaults} == {"D"}
    response = api.post(path, json=[JET])
    assert response.status_code == 201
    (made,) = response.json()
    assert (made["type"], made["pads"], made["description"]) == ("C", [681], JET["description"])
    assert (made["config"]["imperial_unit"], made["config"]["si_unit"]) == ("psi", "kPa")
    one = f"{path}{made['id']}/"
    assert api.get(one).json() == made
    assert api.get("/sites/981/parameters/").json() == [*defaults, made]
    assert api.get("/pads/668/parameters/").json() == defaults
    assert api.get(f"/pads/668/parameters/{made['id']}/").status_code == 404

    stage = next(each for each in api.get("/sites/981/history/", params={"state": "frac"}).json() if each["end"])
    query = {"histories": stage["id"], "aggregations_filter": JET["name"]}
    number = api.get("/sites/981/aggregations/", params=query).json()["981"][0][JET["name"]]
    records = api.get("/sites/981/data/", params={"state_imatch": "frac", "stage_number": stage["stage_number"]}).json()
    values = [record["surface_treating_pressure"] for record in records if record["proppant_conc"] > 1.6]
    assert number == pytest.approx(sum(values) / len(values))

    changed = api.patch(one, json={"description": "New.", "color": "#00AAFF"}).json()
    assert (changed["description"], changed["color"], changed["config"]) == ("New.", "#00AAFF", made["config"])
    assert changed["updated_at"] >= made["updated_at"] == "2025-09-18T12:00:00Z"
    peak = {"field": "surface_treating_pressure", "aggregation": "maximum", "imperial_unit": "kPa"}
    replaced = api.put(one, json={"config": peak}).json()
    assert replaced["config"]["aggregation"] == "maximum"
    number = api.get("/sites/981/aggregations/", params=query).json()["981"][0][JET["name"]]
    assert number == pytest.approx(max(record["surface_treating_pressure"] for record in records) * 6.894757)

    deletion = api.delete(one)
    assert (deletion.status_code, deletion.content) == (204, b"")
    assert api.get(one).status_code == 404
    assert api.delete(one).status_code == 404
    assert api.get(path).json() == defaults


def test_parameter_validate_only_saves_nothing(api: httpx.Client) -> None:
    path = "/sites/981/parameters/"
    before = api.get(path).json()
    response = api.post(path, json=[JET], params={"validate_only": "true"})
    assert (response.status_code, response.json()) == (200, {"valid": True})
    assert api.get(path).json() == before


def test_parameter_conditions_use_base_units(api: httpx.Client) -> None:
    def of(name: str, **condition: Any) -> dict[str, Any]:
        field = {"field": "slurry_rate", "operator": "greater_than", **condition}
        config = {"field": "surface_treating_pressure", "aggregation": "duration", "conditions": [field]}
        return {"name": name, "config": config}

    wanted = [of("imperial", value=50), of("metric", value=50 * 0.158987294928, base_unit="m^3/min")]
    assert api.post("/pads/681/parameters/", json=wanted).status_code == 201
    query = {"state": "frac", "aggregations_filter": "imperial,metric"}
    for row in api.get("/sites/981/aggregations/", params=query).json()["981"]:
        assert row["imperial"] == row["metric"] > 3000


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "2fast"}, "name"),
    ({"name": "avg-rate"}, "name"),
    ({"name": "avg_slurry_rate"}, "name"),
    ({"name": None}, "name"),
    ({"config": None}, "config"),
    ({"config": {"aggregation": "average"}}, "config"),
    ({"config": {"field": "no_such_field", "aggregation": "average"}}, "config"),
    ({"config": {"field": "slurry_rate", "aggregation": "magic"}}, "config"),
    ({"config": {"field": "slurry_rate", "aggregation": "average", "si_unit": 5}}, "config"),
    ({"config": {"field": "slurry_rate", "aggregation": "average", "conditions": 5}}, "config"),
    ({"config": {"field": "slurry_rate", "aggregation": "average", "conditions": [{}]}}, "config"),
    ({"config": {"field": "slurry_rate", "aggregation": "average", "extra": 1}}, "extra"),
    ({"description": 5}, "description"),
    ({"surprise": 5}, "surprise"),
]


@pytest.mark.parametrize(("change", "wrong"), WRONG)
def test_parameter_invalid_is_refused(http: httpx.Client, change: dict[str, Any], wrong: str) -> None:
    for query in ({}, {"validate_only": "true"}):
        response = http.post("/pads/681/parameters/", json=[{**JET, **change}], params=query)
        assert response.status_code == 400
        assert list(response.json()) == [wrong]


def test_parameters_are_created_atomically(http: httpx.Client) -> None:
    before = http.get("/pads/681/parameters/").json()
    assert http.post("/pads/681/parameters/", json=[JET, JET]).status_code == 400
    assert http.post("/pads/681/parameters/", json={"name": "x"}).status_code == 400
    assert http.post("/pads/681/parameters/", content=b"nonsense").status_code == 400
    assert http.post("/pads/681/parameters/", json=[JET], params={"validate_only": "2"}).status_code == 400
    assert http.get("/pads/681/parameters/").json() == before


def test_parameter_predefined_cannot_change(http: httpx.Client) -> None:
    path = "/pads/681/parameters/1/"
    assert http.get(path).json()["type"] == "D"
    for response in (
        http.patch(path, json={"description": "x"}),
        http.put(path, json={"config": JET["config"]}),
        http.delete(path),
    ):
        assert response.status_code == 400
    assert http.get("/sites/981/parameters/9999/").status_code == 404


def test_parameter_invalid_change_is_refused(api: httpx.Client) -> None:
    (made,) = api.post("/sites/981/parameters/", json=[JET]).json()
    path = f"/sites/981/parameters/{made['id']}/"
    wrong: list[tuple[str, Any]] = [
        ("PUT", {"description": "no config"}),
        ("PATCH", {"name": "another"}),
        ("PATCH", {"color": "blue"}),
        ("PATCH", {"label": None}),
        ("PATCH", []),
    ]
    for method, body in wrong:
        assert api.request(method, path, json=body).status_code == 400
    assert api.get(path).json() == made
