# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from datetime import datetime

from ...models.aggregations_by_site import AggregationsBySite
from ...types import Json, Operation, encode_query

_parse: Json[AggregationsBySite] = Json(AggregationsBySite)


def list_site_stage_aggregations(
    site_id: int,
    *,
    histories: list[int] | None = None,
    aggregations_filter: list[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    stage_number: int | None = None,
    stage_numbers: list[int] | None = None,
    state: str | None = None,
) -> Operation[AggregationsBySite]:
    """List the aggregations of the stages of a site.

    The numbers computed for each stage asked for by `histories`, grouped by site. What they mean is listed by
    `/parameters/`.

    Args:
        site_id: Id of the site.
        histories: Ids of the stages to aggregate, the parameter repeated for each.
        aggregations_filter: Names of the aggregations to answer with; left out, all of them.
        start: Only stages from this moment on, UTC.
        end: Only stages up to this moment, UTC.
        stage_number: Only the stage of this number. In a query of data it goes with `state_imatch`, on a pad with
            `routed` too.
        stage_numbers: Only stages of these numbers.
        state: Stage-name filter: only stages of this operation, such as `frac`, `wl` or `standby`.

    Returns:
        The operation, not yet sent. It answers with the aggregations of the stages, by site.
    """
    return Operation(
        name="list_site_stage_aggregations",
        method="GET",
        endpoint="/external/thirdparty/v1/sites/{site_id}/aggregations/",
        path=f"/external/thirdparty/v1/sites/{site_id:d}/aggregations/",
        parse=_parse,
        query=encode_query(
            {
                "histories": histories,
                "aggregations_filter": aggregations_filter,
                "start": start,
                "end": end,
                "stage_number": stage_number,
                "stage_numbers": stage_numbers,
                "state": state,
            },
            repeated=frozenset({"histories"}),
        ),
    )
