"""State of the service and context of a call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from datastore_sdk.sandbox.api.acknowledgements import Acknowledgements
from datastore_sdk.sandbox.api.auth import TokenRegistry
from datastore_sdk.sandbox.api.errors import build_forbidden, build_not_found
from datastore_sdk.sandbox.api.parameters import ParameterStore
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.simulation.aggregations import StageAggregationCache
from datastore_sdk.sandbox.simulation.field import SimulatedField
from datastore_sdk.sandbox.simulation.layout import PadLayout, SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.readings import Record


@dataclass(slots=True)
class ServiceState:
    """State behind the endpoints.

    Attributes:
        field: The simulated field.
        denied: Ids of pads and sites that no client may access.
        tokens: Registry of tokens.
        parameters: Definitions of stage aggregations.
        numbers: Computed stage aggregations.
        acknowledgements: Data changes that clients have acknowledged.
    """

    field: SimulatedField[PadActivity]
    denied: frozenset[int]
    tokens: TokenRegistry
    parameters: ParameterStore = dataclasses.field(default_factory=ParameterStore)
    aggregations: StageAggregationCache = dataclasses.field(default_factory=StageAggregationCache)
    acknowledgements: Acknowledgements = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.acknowledgements = Acknowledgements(before=self.field.old)

    def reset(self) -> None:
        """Forget what clients changed."""
        self.parameters = ParameterStore()
        self.acknowledgements = Acknowledgements(before=self.field.old)

    def pads(self) -> Iterator[PadLayout]:
        """Yield the pads that clients may access."""
        return (pad for pad in self.field.pads if pad.id not in self.denied)

    def sites(self) -> Iterator[tuple[PadActivity, SiteLayout]]:
        """Yield the sites that clients may access."""
        for pad in self.pads():
            for site in pad.sites:
                if site.id not in self.denied:
                    yield self.field.operations[pad.id], site

    def pad(self, pad_id: int) -> PadActivity:
        """Return the activity of a pad.

        Raises:
            RequestError: 404, 403.
        """
        operations = self.field.operations.get(pad_id)
        if operations is None:
            raise build_not_found()
        if pad_id in self.denied:
            raise build_forbidden()
        return operations

    def site(self, site_id: int) -> tuple[PadActivity, SiteLayout]:
        """Return a site and the activity of its pad.

        Raises:
            RequestError: 404, 403.
        """
        try:
            site = self.field.site(site_id)
        except KeyError:
            raise build_not_found() from None
        if site_id in self.denied:
            raise build_forbidden()
        return self.pad(self.field.pad_of(site_id).id), site


@dataclass(frozen=True, slots=True)
class PathTarget:
    """Target of a path: a pad with its sites, or one site."""

    operations: PadActivity
    sites: tuple[SiteLayout, ...]

    @property
    def pad_id(self) -> int:
        """Id of the pad, or of the site's pad."""
        return self.operations.pad.id


@dataclass(frozen=True, slots=True)
class CallContext:
    """One call.

    Attributes:
        service: State of the service.
        client: The client.
        ids: Ids in its path.
        query: Its query parameters.
        body: Its body.
        now: The field's time when it arrived, unix seconds.
    """

    service: ServiceState
    client: str
    ids: Mapping[str, int]
    query: QueryParams
    body: bytes
    now: int

    def target(self) -> PathTarget:
        """Return the target of the path.

        Raises:
            RequestError: 404, 403.
        """
        if "site_id" in self.ids:
            operations, site = self.service.site(self.ids["site_id"])
            return PathTarget(operations, (site,))
        operations = self.service.pad(self.ids["pad_id"])
        return PathTarget(
            operations, tuple(site for site in operations.pad.sites if site.id not in self.service.denied)
        )


@dataclass(frozen=True, slots=True)
class HandlerResponse:
    """Response of a handler that is not just 200 and JSON."""

    status: int
    content: object = None


@dataclass(frozen=True, slots=True)
class StreamedRecords:
    """Records to stream as one JSON array."""

    records: Iterator[Record]


Handler = Callable[[CallContext], object]
"""Function that handles a call and returns JSON, a `HandlerResponse` or `StreamedRecords`."""
