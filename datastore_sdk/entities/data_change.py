"""Corrections of historical data: what was corrected, the corrected records, and the acknowledgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple, Self, Unpack

import orjson
from pydantic import BaseModel, PrivateAttr

from datastore_sdk.checks import checked_flag
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.query import served_range
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.entity import Entity
from datastore_sdk.entities.matching import has_id, matching
from datastore_sdk.entities.pad_sites import of_sites
from datastore_sdk.filters import DataForm, checked_form, completed_by
from datastore_sdk.transport import Client, UnexpectedContentError
from datastore_sdk.transport.calls.exchange import Flow
from restream_api.api.sites import acknowledge_site_data_changes, get_site_data_change
from restream_api.models import Acknowledgement, Acknowledgements, ChangeLog
from restream_api.models import DataChange as DataChangeModel
from restream_api.models import Site as SiteModel
from restream_api.types import Json, Model, Operation

_ONE_RECORD = timedelta(seconds=1)


class DataChange(Entity, DataChangeModel):
    """A correction of historical data: the records of one site between two moments have changed.

    Download the records again (`get_data`), then acknowledge (`confirm_data_received`), so that the change is not
    listed again.
    """

    _contract = DataChangeModel
    _way_to_load = "take it from get_data_changes(), or make it with its site: DataChange(id=..., site=...)"
    _shown = ("id", "site", "modification_type", "modification_subtype", "start_date", "end_date")
    _ids: ClassVar[Mapping[str, type[Model]]] = {"site": SiteModel}
    _form: DataForm = PrivateAttr(default=DataForm())

    def __init__(  # stated in each class, or type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @classmethod
    def adopt(cls, model: BaseModel, client: Client | None = None, form: DataForm | None = None) -> Self:
        """The object for a model of the generated client; its records come in the given form by default."""
        change = super().adopt(model, client)
        change._form = form or DataForm()  # noqa: SLF001 - its own class
        return change

    def update(self) -> None:
        """Loads the change's attributes anew, in place.

        Raises:
            NotLoadedError: The site, through which the change is reached, is not known.
            RestreamError: The call failed.
        """
        self._refresh(self._caller().run(self._reread()))

    async def aupdate(self) -> None:
        """Async form of `update`."""
        self._refresh(await self._caller().arun(self._reread()))

    @completed_by(DataForm)
    def get_data(self, **form: Unpack[DataForm]) -> Data:
        """The corrected records, lazily, between `start_date` and `end_date`, both included.

        Args:
            **form: The form of the records (`DataForm`). Default: the form passed to `get_data_changes`, which gave
                this object.

        Raises:
            NotLoadedError: Site, start or end is not known.
        """
        return Data(self._caller(), [self._query(form)])

    @completed_by(DataForm)
    async def aget_data(self, **form: Unpack[DataForm]) -> DataAsync:
        """Async form of `get_data`."""
        return DataAsync(self._caller(), [self._query(form)])

    def confirm_data_received(self) -> bool:
        """Acknowledges the change: it was downloaded and processed. Doing it again does no harm.

        Returns:
            Whether the service counts it as acknowledged now, which is when it no longer lists it as open.

        Raises:
            NotLoadedError: The site, through which the change is reached, is not known.
            RestreamError: The call failed.
        """
        return self._caller().run(self._acknowledge())

    async def aconfirm_data_received(self) -> bool:
        """Async form of `confirm_data_received`."""
        return await self._caller().arun(self._acknowledge())

    def _query(self, form: DataForm) -> DataQuery:
        form = {**self._form, **checked_form(form)}
        site, (start, end) = self.site, served_range(self.start_date, self.end_date)
        return DataQuery(source="site", id=site, start=start, end=end, **form)

    def _reread(self) -> Flow[DataChangeModel]:
        return (yield from get_site_data_change(self.site, self.id).with_parse(self._found))

    def _found(self, content: bytes) -> DataChangeModel:
        for change in _read(content).change_log:
            if change.id == self.id and change.site in {None, self.site}:
                return change
        raise UnexpectedContentError("change_log: the change that was asked for is not in it")

    def _acknowledge(self) -> Flow[bool]:
        body = Acknowledgements(change_log=[Acknowledgement(id=self.id, update_received=True)])
        still_open = yield from acknowledge_site_data_changes(self.site, body=body)
        return all(change.id != self.id for change in still_open.change_log)


class ChangeQuery(NamedTuple):
    """The changes to ask for."""

    operation: Operation[tuple[ChangeLog, list[dict[str, Any]]]]
    form: DataForm
    """The form in which their records come."""


def changes_with(endpoints: Endpoints, id: int, form: DataForm, *, acknowledged: bool | None) -> ChangeQuery:
    """Return the query of the changes of a pad or site.

    Raises:
        TypeError: The form holds something that `DataForm` does not, or a value is of the wrong type.
        ValueError: Parts of the form do not go together.
    """
    form = checked_form(form)
    DataQuery(source="site", id=id, **form)  # so that a wrong form is refused before any request
    flag = None if acknowledged is None else checked_flag(acknowledged, "get_acknowledged")
    return ChangeQuery(endpoints.list_data_changes(id, get_acknowledged=flag).with_parse(_read_log), form)


def corrected(
    endpoints: Endpoints, id: int, known_sites: frozenset[int], client: Client, query: ChangeQuery, *, as_dict: bool
) -> Flow[tuple[list[DataChange] | list[dict[str, Any]], list[DataQuery]]]:
    """Return the changes that were asked for, and the questions that fetch the records of all of them."""
    operation, form = query
    log, untouched = yield from operation
    pairs = [*zip(log.change_log, untouched, strict=True)]
    if endpoints.source == "site":
        pairs = matching(pairs, [has_id("site", id)], operation.name, itemgetter(0))
    else:
        pairs = yield from of_sites(client, id, known_sites, pairs, operation.name, itemgetter(0))
    queries: list[DataQuery] = []
    for site, *interval in intervals(change for change, _ in pairs):
        start, end = served_range(*interval)
        queries.append(DataQuery(source="site", id=site, start=start, end=end, **form))
    if as_dict:
        return [untouched for _, untouched in pairs], queries
    return [DataChange.adopt(change, client, form) for change, _ in pairs], queries


_read = Json[ChangeLog](ChangeLog)


def _read_log(content: bytes) -> tuple[ChangeLog, list[dict[str, Any]]]:
    """The changes, validated and untouched: their intervals are needed even where the caller wants dicts."""
    return _read(content), orjson.loads(content)["change_log"]


def intervals(changes: Iterable[DataChangeModel]) -> list[tuple[int, datetime, datetime]]:
    """What to download, as (site, start, end), by site and time; intervals of a site that overlap or touch are one."""
    found: list[tuple[int, datetime, datetime]] = []
    for change in sorted(changes, key=lambda change: (change.site, change.start_date)):
        if found and found[-1][0] == change.site and change.start_date <= found[-1][2] + _ONE_RECORD:
            site, start, end = found.pop()
            found.append((site, start, max(end, change.end_date)))
        else:
            found.append((change.site, change.start_date, change.end_date))
    return found
