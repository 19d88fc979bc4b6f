"""Calls that fail, at the service or before the request."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import NO_SUCH_FILTER, REFUSED_AT_ONCE, WRONG_TYPE
from _comparison.verdicts import Call

_MINUTE: Final = 'at("2025-09-18 08:30"), at("2025-09-18 08:31")'

_NOT_FOUND: Final = (
    "Pad.get_model(id=1)",
    "pad = Pad(id=1); pad.update()",
    "Pad(id=1).get_measurement_sources_metadata()",
    "Pad(id=1).get_fields_metadata()",
    "Pad(id=1).get_stages_metadata()",
    "Pad(id=1).get_stages_aggregations()",
    "Pad(id=1).get_data_changes()",
    f"records(Pad(id=1).get_data({_MINUTE}))",
    f'Pad(id=1).get_data({_MINUTE}).save("a.csv")',
    "Site.get_model(id=1)",
    "State.get_model(id=1)",
    "Pad(id=681).get_stages_aggregation(999)",
    'Pad(id=681).update_stages_aggregation(999, {"label": "Rate"})',
    "Site(id=981).delete_stages_aggregation(999)",
)

_FORBIDDEN: Final = (
    "Site.get_model(id=912)",
    "Site(id=912).get_stages_metadata()",
    f"records(Site(id=912).get_data({_MINUTE}))",
    "Site(id=912).get_data_changes()",
)

_NO_PAD: Final = (
    "Site(id=1).get_pad()",
    "Site(id=1).get_measurement_sources_metadata()",
    "Site(id=912).get_pad()",
    "Site(id=912).get_measurement_sources_metadata()",
)

_UNAUTHORIZED: Final = (
    'Pad.get_models(auth_token="wrong")',
    'Pad(id=668, auth_token="wrong").get_sites()',
    f'records(Site(id=981, auth_token="wrong").get_data({_MINUTE}))',
    'Pad(id=681, auth_token="wrong").get_stages_aggregations()',
)

_BAD_REQUESTS: Final = (
    f'records(Pad(id=681).get_data({_MINUTE}, measurement_sources_names="M9"))',
    'Pad(id=681).update_stages_aggregation(3, {"label": "of the service itself"})',
    "Pad(id=681).delete_stages_aggregation(3)",
    (
        'Pad(id=681).create_stages_aggregations([{"name": "of_what", "description": "",'
        ' "config": {"field": "no_such_field", "aggregation": "average"}}])'
    ),
    (
        'Pad(id=681).create_stages_aggregations([{"name": "rate of 2", "description": "",'
        ' "config": {"field": "slurry_rate", "aggregation": "average"}}])'
    ),
)

_WRONG_ARGUMENTS: Final = (
    "Site.get_models(latitude=32.0, longitude=-102.0)",
    "Pad(id=668).get_sites(radius_miles=1.0)",
    "Site(id=981).get_data(start_datetime=datetime(2025, 9, 18, 8, 30))",
    "Site(id=981).get_data(stage_number=14)",
    f"Site(id=981).get_data({_MINUTE}, fill_data_method=DataFillMethods.FORWARD_FILL)",
    f"Site(id=981).get_data({_MINUTE}, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=0)",
    (
        f"Pad(id=681).get_data({_MINUTE}, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=5,"
        " resolution=DataResolutions.MINUTE)"
    ),
    (
        f"Pad(id=681).get_data({_MINUTE}, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=5,"
        " aggregation=DataAggregations.MEAN)"
    ),
    'Site(id=981).get_stages_metadata(stage_numbers="1,2")',
)

_LEFT_TO_THE_SERVICE_BY_THE_VENDOR: Final = (
    'records(Site(id=981).get_data(at("2025-09-18 08:30"), at("2025-09-18 08:29")))',
    'Site(id=981).get_stages_metadata(start=at("2025-09-18 08:30"), end=at("2025-09-18 08:29"))',
)

_VALUES_OF_ANOTHER_TYPE: Final = ('Pad.get_models(fleet_id="many")',)

_FILTERS_OF_NOTHING: Final = (
    'Pad.get_models(ordering="name")',
    'Site.get_models(ordering="name")',
    'Pad(id=668).get_sites(ordering="name", as_dict=True)',
    "Pad(id=681).get_states(site__id=981)",
    'Site(id=981).get_stages_metadata(ordering="start")',
    'Pad.get_model(id=668, ordering="name")',
    'Site(id=981).get_fields_metadata(ordering="name")',
    'Site(id=941).get_data_changes(ordering="start_date")',
)

ERRORS: Final = (
    *(Call(text, error="NotFoundError") for text in _NOT_FOUND),
    *(Call(text, error="PermissionDeniedError") for text in _FORBIDDEN),
    *(Call(text, error="NotFoundError" if "id=1)" in text else "PermissionDeniedError") for text in _NO_PAD),
    *(Call(text, error="AuthenticationError") for text in _UNAUTHORIZED),
    *(Call(text, error="BadRequestError") for text in _BAD_REQUESTS),
    *(Call(text, error="ValueError") for text in _WRONG_ARGUMENTS),
    *(Call(text, (REFUSED_AT_ONCE,), error="ValueError") for text in _LEFT_TO_THE_SERVICE_BY_THE_VENDOR),
    *(Call(text, (WRONG_TYPE,), error="TypeError") for text in _VALUES_OF_ANOTHER_TYPE),
    *(Call(text, (NO_SUCH_FILTER,), error="TypeError") for text in _FILTERS_OF_NOTHING),
    Call("Pad.get_models()", error="AuthenticationError", environment={"RESTREAM_CLIENT_SECRET": "wrong"}),
    Call("Pad.get_models()", error="MissingCredentialsError", environment={"RESTREAM_CLIENT_SECRET": ""}),
)
