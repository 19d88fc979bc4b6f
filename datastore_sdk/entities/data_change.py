"""Corrections of historical data: what was corrected, the corrected records, and the acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self, Unpack, cast

from pydantic import BaseModel, PrivateAttr

from datastore_sdk._io.json_body import id_of, is_array
from datastore_sdk._io.responses import UnexpectedContentError
from datastore_sdk._io.tolerant_parser import CheckedType, RawJson, read_value
from datastore_sdk._utils.validation import checked_flag
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.query import served_range
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.intervals import interval_of, merged
from datastore_sdk.entities.matching import carried, has_id, matching
from datastore_sdk.entities.pad_sites import of_sites
from datastore_sdk.filters import DataForm, checked_form, completed_by
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.sites import acknowledge_site_data_changes, get_site_data_change
from restream_api.models import Acknowledgement, Acknowledgements, ChangeLog
from restream_api.models import DataChange as DataChangeModel
from restream_api.models import Site as SiteModel
from restream_api.types import Json, Model, Operation


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
        self._refresh(self._caller()._run(self._reread()))

    async def aupdate(self) -> None:
        """Async form of `update`."""
        self._refresh(await self._caller()._arun(self._reread()))

    @completed_by(DataForm)
    def get_data(self, **form: Unpack[DataForm]) -> Data:
        """The corrected records, lazily, between `start_date` and `end_date`, both included.

        Args:
            **form: The form of the records (`DataForm`). Default: the form passed to `get_data_changes`, which gave
                this object.

        Raises:
            NotLoadedError: Site, start or end is not known.
            UnusableValueError: What the service sent as one of them cannot be used.
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
        return self._caller()._run(self._acknowledge())

    async def aconfirm_data_received(self) -> bool:
        """Async form of `confirm_data_received`."""
        return await self._caller()._arun(self._acknowledge())

    def _query(self, form: DataForm) -> DataQuery:
        form = {**self._form, **checked_form(form)}
        interval = interval_of(self, "start_date", "end_date")
        start, end = served_range(interval.start, interval.end)
        return DataQuery(source="site", id=interval.site, start=start, end=end, **form)

    def _reread(self) -> Flow[DataChangeModel]:
        def check(log: ChangeLog) -> None:
            if self._found(log) is None:
                raise UnexpectedContentError("change_log: the change that was asked for is not in it")

        log = yield from get_site_data_change(self.site, self.id).with_parse(CheckedType(_read, check))
        return cast("DataChangeModel", self._found(log))

    def _found(self, log: ChangeLog) -> DataChangeModel | None:
        own: list[DataChangeModel] = [each for each in listed(log) if id_of(carried(each, "site")) in {None, self.site}]
        if len(own) == 1 and id_of(carried(own[0], "id")) is None:
            return own[0]  # it is the one that was asked for
        return next((change for change in own if id_of(carried(change, "id")) == self.id), None)

    def _acknowledge(self) -> Flow[bool]:
        body = Acknowledgements(change_log=[Acknowledgement(id=self.id, update_received=True)])
        log = yield from acknowledge_site_data_changes(self.site, body=body)
        still_open = log.get("change_log")  # an answer that lists nothing is a success all the same
        changes: list[Any] = still_open if is_array(still_open) else []
        return all(id_of(carried(change, "id")) != self.id for change in changes)


class ChangeQuery(NamedTuple):
    """The changes to ask for."""

    operation: Operation[ChangeLog]
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
    return ChangeQuery(endpoints.list_data_changes(id, get_acknowledged=flag), form)


def corrected(
    endpoints: Endpoints, id: int, known_sites: frozenset[int], client: Client, query: ChangeQuery, *, as_dict: bool
) -> Flow[tuple[list[DataChange] | list[dict[str, Any]], list[DataQuery]]]:
    """Return the changes that were asked for, and the questions that fetch the records of all of them."""
    operation, form = query
    read = RawJson(operation.parse) if as_dict else _read
    changes = listed((yield from operation.with_parse(CheckedType[Any](read, listed))))
    if endpoints.source == "site":
        own = matching(changes, [has_id("site", id)], operation.name)
    else:
        own = yield from of_sites(client, id, known_sites, changes, operation.name)
    models: list[DataChangeModel] = read_value(list[DataChangeModel], own, operation.name).value if as_dict else own
    queries: list[DataQuery] = []
    for interval in merged(models, "start_date", "end_date"):
        start, end = served_range(interval.start, interval.end)
        queries.append(DataQuery(source="site", id=interval.site, start=start, end=end, **form))
    return own if as_dict else [DataChange.adopt(change, client, form) for change in models], queries


def listed(log: Any) -> list[Any]:
    """The changes of a log, as objects or as dicts.

    Raises:
        UnexpectedContentError: There is no list of them.
    """
    changes = log.get("change_log", ...)
    if changes is None:
        return []
    if not isinstance(changes, list):
        raise UnexpectedContentError("change_log: it is missing, or not a list")
    return [*cast("list[object]", changes)]


_read = Json[ChangeLog](ChangeLog)
