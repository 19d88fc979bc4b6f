from __future__ import annotations

from typing import Any

import httpx
import pytest


def found(http: httpx.Client, path: str, **query: Any) -> list[int]:
    response = http.get(path, params=query)
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [668, 681, 697, 703, 654]),
        ({"complete": "true"}, [654]),
        ({"complete": "false"}, [668, 681, 697, 703]),
        ({"well_api": "4232940981"}, [681]),
        ({"well_api": "1"}, []),
        ({"site_pk": 1012}, [697]),
        ({"name_search": "mesquite"}, [668]),
        ({"name_search": "Cap rok est"}, []),
        ({"name_search": "caprok eest"}, [681]),
        ({"fleet_id": 31}, [668, 703]),
        ({"fleet_name": "fleet"}, [668, 681, 703]),
        ({"fleet_name": "dual", "complete": "false"}, [697]),
        ({"fleet_name": "dual", "complete": "true"}, []),
        ({"no_such_filter": "1"}, [668, 681, 697, 703, 654]),
    ],
)
def test_list_pads_filters(http: httpx.Client, query: dict[str, Any], expected: list[int]) -> None:
    assert found(http, "/pads/", **query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"pad__id": 681}, [981, 982, 983, 984]),
        ({"pad_pk": 697}, [1011, 1012, 1013]),
        ({"pad__id": 681, "pad_pk": 697}, []),
        ({"complete": "true"}, [911, 912]),
        ({"well_api": "4232940941"}, [941]),
        ({"name_search": "oak 2h"}, [1012]),
        ({"formation_name": "wolfcamp b", "pad_pk": 681}, [982]),
        ({"pad_name": "rattle"}, [1041, 1042]),
        ({"latitude_gte": 31.5, "latitude_lte": 31.6}, [1041]),
        ({"longitude_lte": -103}, [1041]),
        ({"longitude_gte": -98, "complete": "false"}, [1011, 1012, 1013]),
        ({"lat": 31.9412, "long": -102.0731, "radius_miles": 1}, [941, 942, 943, 944, 945, 946]),
        ({"lat": 31.9412, "long": -102.0731, "radius_miles": 0.012}, [941, 942]),
        ({"fleet_id": 33}, [1011, 1012, 1013]),
        ({"fleet_name": "BLUE"}, [981, 982, 983, 984]),
    ],
)
def test_list_sites_filters(http: httpx.Client, query: dict[str, Any], expected: list[int]) -> None:
    assert found(http, "/sites/", **query) == expected


@pytest.mark.parametrize(
    ("path", "query", "wrong"),
    [
        ("/pads/", {"complete": "maybe"}, ["complete"]),
        ("/pads/", {"fleet_id": "x", "site_pk": "y"}, ["site_pk", "fleet_id"]),
        ("/sites/", {"lat": 31}, ["long", "radius_miles"]),
        ("/sites/", {"latitude_gte": "north"}, ["latitude_gte"]),
        ("/sites/", {"longitude_lte": "inf"}, ["longitude_lte"]),
    ],
)
def test_list_invalid_filters_are_reported_together(
    http: httpx.Client, path: str, query: dict[str, Any], wrong: list[str]
) -> None:
    response = http.get(path, params=query)
    assert response.status_code == 400
    assert list(response.json()) == wrong


def test_get_one_equals_its_list_item(http: httpx.Client) -> None:
    for path in ("/pads/", "/sites/"):
        for each in http.get(path).json():
            assert http.get(f"{path}{each['id']}/").json() == each


def test_optional_keys_are_omitted(http: httpx.Client) -> None:
    pads = {pad["id"]: pad for pad in http.get("/pads/").json()}
    assert "coil_tubing_enabled" not in pads[681]
    assert pads[703]["simops_config"] is None
    assert pads[654]["completion_date"] == "2025-09-06T15:43:25Z"
    sites = {site["id"]: site for site in http.get("/sites/").json()}
    assert "crew" not in sites[981]
    assert sites[941]["crew"] == "Crew A"
    assert "fleet_id" not in sites[911]
    assert (sites[1042]["latitude"], sites[1042]["well_api"]) == (None, None)
    assert sites[981]["metadata"] == {"first_timestamp": 1757289600, "last_timestamp": 1758196800}


def test_fields_have_units(http: httpx.Client) -> None:
    fields = http.get("/pads/681/fields/").json()
    names = [field["name"] for field in fields]
    assert {"M1_slurry_rate", "M2_slurry_rate", "slurry_rate", "_external_power_"} <= set(names)
    assert [name for name in set(names) if names.count(name) > 1] == ["slurry_rate"]
    assert len({field["id"] for field in fields}) == len(fields)
    pressure = next(field for field in fields if field["name"] == "surface_treating_pressure")
    assert (pressure["imperial_unit"], pressure["si_unit"]) == ("psi", "kPa")
    assert pressure["si_plot_max"] == pytest.approx(14_000 * 6.894757)
    site = [field["name"] for field in http.get("/sites/981/fields/").json()]
    assert not any(name.startswith("M1_") for name in site)
    assert set(site) <= set(names)
