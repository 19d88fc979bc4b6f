# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.fill_method import FillMethod
from ...models.record import Record
from ...models.resolution import Resolution
from ...models.resolution_aggregation import ResolutionAggregation
from ...types import Json, Operation, encode_query

_parse: Json[list[Record]] = Json(list[Record])


def stream_site_data(
    site_id: int,
    *,
    si_units: bool,
    resolution: Resolution | str,
    start_datetime: str | None = None,
    end_datetime: str | None = None,
    fields: list[str] | None = None,
    agg: ResolutionAggregation | str | None = None,
    stage_number: int | None = None,
    state_imatch: str | None = None,
    fill_data_method: FillMethod | str | None = None,
    fill_data_limit: int | None = None,
    inside_area_only: bool | None = None,
) -> Operation[list[Record]]:
    """Stream the time-series data of a site.

    The body is one JSON array of flat records, streamed; their order is not promised. It can be large, the first
    byte can be long in coming, and a stream can stay open for minutes. Where chunks break and whether lines break
    between records is not promised.

    Field names carry no prefix of a measurement source.

    Args:
        site_id: Id of the site.
        si_units: Values in SI units (true) or in imperial, that is oilfield, units (false).
        resolution: The interval that one record stands for.
        start_datetime: First moment of the data, UTC, as `2025-09-09 00:00:00`; inclusive.
        end_datetime: Last moment of the data, UTC, as `2025-09-09 00:01:00`; inclusive.
        fields: Names of the fields to answer with; left out, those exposed to the customer.
        agg: How the measurements within one interval of the resolution become one value.
        stage_number: Only the stage of this number. In a query of data it goes with `state_imatch`, on a pad with
            `routed` too.
        state_imatch: Stage-name filter: only data of stages of this operation, such as `frac`, `wl` or `standby`.
        fill_data_method: How gaps are filled. Only with the resolution `raw` and without `agg`; goes with
            `fill_data_limit`.
        fill_data_limit: The most seconds to fill in one gap. Goes with `fill_data_method`.
        inside_area_only: Fill only between known values (true), or before the first and after the last one too
            (false).

    Returns:
        The operation, not yet sent. It answers with the records, in no promised order; an empty array when there
        are none.
    """
    return Operation(
        name="stream_site_data",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/data/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/data/",
        parse=_parse,
        query=encode_query(
            {
                "start_datetime": start_datetime,
                "end_datetime": end_datetime,
                "fields": fields,
                "si_units": si_units,
                "resolution": resolution,
                "agg": agg,
                "stage_number": stage_number,
                "state_imatch": state_imatch,
                "fill_data_method": fill_data_method,
                "fill_data_limit": fill_data_limit,
                "inside_area_only": inside_area_only,
            }
        ),
        headers={"Prefer": "streaming"},
        streamed=True,
    )
