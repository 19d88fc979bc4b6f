"""What the answers to calls are made from: the service's state and one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from datastore_sdk.sandbox.api.acknowledgements import Acknowledgements
from datastore_sdk.sandbox.api.auth import Tokens
from datastore_sdk.sandbox.api.errors import forbidden, not_found
from datastore_sdk.sandbox.api.parameters import Parameters
from datastore_sdk.sandbox.api.query_params import Query
from datastore_sdk.sandbox.simulation.aggregations import StageNumbers
from datastore_sdk.sandbox.simulation.field import Field
from datastore_sdk.sandbox.simulation.layout import Pad, Site
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.readings import Record


@dataclass(slots=True)
class Restream:
    """The service behind the endpoints.

    Attributes:
        field: What it reports on.
        denied: Ids of pads and sites that no client has access to.
        tokens: Who may call.
        parameters: Which numbers of stages are computed.
        numbers: Those that were.
        acknowledgements: Which data changes clients have received.
    """

    field: Field[PadActivity]
    denied: frozenset[int]
    tokens: Tokens
    parameters: Parameters = dataclasses.field(default_factory=Parameters)
    numbers: StageNumbers = dataclasses.field(default_factory=StageNumbers)
    acknowledgements: Acknowledgements = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.acknowledgements = Acknowledgements(before=self.field.old)

    def reset(self) -> None:
        """Forgets what clients changed."""
        self.parameters = Parameters()
        self.acknowledgements = Acknowledgements(before=self.field.old)

    def pads(self) -> Iterator[Pad]:
        """The pads that clients may see."""
        return (pad for pad in self.field.pads if pad.id not in self.denied)

    def sites(self) -> Iterator[tuple[PadActivity, Site]]:
        """The sites that clients may see."""
        for pad in self.pads():
            for site in pad.sites:
                if site.id not in self.denied:
                    yield self.field.operations[pad.id], site

    def pad(self, pad_id: int) -> PadActivity:
        """What goes on at a pad.

        Raises:
            RequestError: 404, 403.
        """
        operations = self.field.operations.get(pad_id)
        if operations is None:
            raise not_found()
        if pad_id in self.denied:
            raise forbidden()
        return operations

    def site(self, site_id: int) -> tuple[PadActivity, Site]:
        """A site, and what goes on at its pad.

        Raises:
            RequestError: 404, 403.
        """
        try:
            site = self.field.site(site_id)
        except KeyError:
            raise not_found() from None
        if site_id in self.denied:
            raise forbidden()
        return self.pad(self.field.pad_of(site_id).id), site


@dataclass(frozen=True, slots=True)
class Parent:
    """What the path of a call names: a pad with the sites on it, or one site."""

    operations: PadActivity
    sites: tuple[Site, ...]

    @property
    def pad_id(self) -> int:
        """The pad, or that of the site."""
        return self.operations.pad.id


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        service: What it was made to.
        client: Who made it.
        ids: The ids in its path.
        query: Its query parameters.
        body: Its body.
        now: The field's time when it came in, unix seconds.
    """

    service: Restream
    client: str
    ids: Mapping[str, int]
    query: Query
    body: bytes
    now: int

    def parent(self) -> Parent:
        """What the path names.

        Raises:
            RequestError: 404, 403.
        """
        if "site_id" in self.ids:
            operations, site = self.service.site(self.ids["site_id"])
            return Parent(operations, (site,))
        operations = self.service.pad(self.ids["pad_id"])
        return Parent(operations, tuple(site for site in operations.pad.sites if site.id not in self.service.denied))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered with, when that is not just 200 and JSON."""

    status: int
    content: object = None


@dataclass(frozen=True, slots=True)
class Streamed:
    """Records to be streamed as one JSON array."""

    records: Iterator[Record]


Handler = Callable[[Call], object]
"""Answers a call: with JSON, an `Response` or something `Streamed`."""
