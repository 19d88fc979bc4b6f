"""Corrections of historical data: their records, and their acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self, Unpack, cast

from pydantic import BaseModel, PrivateAttr

from datastore_sdk._io.json_body import is_array, parse_id
from datastore_sdk._io.responses import UnexpectedContentError
from datastore_sdk._io.tolerant_parser import CheckedType, RawJson, parse_value
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk._utils.validation import validate_flag
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.query import widen_to_whole_second
from datastore_sdk.entities.base import Entity
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.intervals import get_interval, get_site_id, merge_intervals
from datastore_sdk.entities.matching import filter_matching, get_value, has_id
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.site_membership import filter_by_pad
from datastore_sdk.filters import DataForm, validate_data_form
from datastore_sdk.transport.executor.executor import Flow
from restream_api.api.sites import acknowledge_site_data_changes, get_site_data_change
from restream_api.models import Acknowledgement, Acknowledgements, ChangeLog
from restream_api.models import DataChange as DataChangeModel
from restream_api.models import Site as SiteModel
from restream_api.types import Json, Model, Operation


class DataChange(Entity, DataChangeModel):
    """A correction of historical data: the records of one site in an interval have changed.

    The interval reaches from `start_date` to `end_date` (datetimes in UTC, both included). Replace all stored records
    of `site_id` in this interval by those that `get_data()` returns; there may be none. Then call
    `confirm_data_received()`, so that the change is not listed again.
    `modification_type` and `modification_subtype` name the kind of correction; new kinds can appear without notice.
    """

    _api_model = DataChangeModel
    _load_hint = "get it from get_data_changes(), or create it with its site: DataChange(id=..., site=...)"
    _repr_fields = ("id", "site", "modification_type", "modification_subtype", "start_date", "end_date")
    _id_fields: ClassVar[Mapping[str, type[Model]]] = {"site": SiteModel}
    _form: DataForm = PrivateAttr(default=DataForm())

    def __init__(  # explicit, because type checkers would derive one from the fields
        self, id: int, auth_token: str | None = None, *, client: Client | None = None, **attributes: Any
    ) -> None:
        Entity.__init__(self, id, auth_token, client=client, **attributes)

    def __hash__(self) -> int:  # for the same reason
        return Entity.__hash__(self)

    @property
    def site_id(self) -> int:
        """Id of the site (the key `site` of the service).

        Raises:
            NotLoadedError: The site is not loaded.
            UnusableValueError: The value that the service sent is not an id.
        """
        return get_site_id(self)

    @classmethod
    def from_api_model(cls, model: BaseModel, client: Client | None = None, form: DataForm | None = None) -> Self:
        """Return the change for a model of the generated client; `get_data` uses the form by default."""
        change = super().from_api_model(model, client)
        change._form = form or DataForm()  # noqa: SLF001 - its own class
        return change

    def update(self) -> None:
        """Load all attributes from the service, in place.

        Raises:
            NotLoadedError: The site is not loaded; the URL of a change contains it.
            RestreamError: The request failed.
        """
        self._replace_attributes(self._get_client()._run(self._fetch_current()))

    async def aupdate(self) -> None:
        """Load all attributes from the service, in place.

        Raises:
            NotLoadedError: The site is not loaded; the URL of a change contains it.
            RestreamError: The request failed.
        """
        self._replace_attributes(await self._get_client()._arun(self._fetch_current()))

    @complete_signature(DataForm)
    def get_data(self, **form: Unpack[DataForm]) -> Data:
        """Return the corrected records of the site from `start_date` to `end_date`, both included.

        The download starts when the records are iterated over or saved.

        Args:
            **form: Fields, units, resolution and filling of the records (`DataForm`). Default: the form passed to the
                `get_data_changes` call that returned this change.

        Raises:
            NotLoadedError: The site, start or end is not loaded.
            UnusableValueError: The site, start or end that the service sent is invalid.
        """
        return Data(self._get_client(), [self._query(form)])

    @complete_signature(DataForm)
    async def aget_data(self, **form: Unpack[DataForm]) -> DataAsync:
        """Return the corrected records of the site from `start_date` to `end_date`, both included.

        The download starts when the records are iterated over or saved.

        Args:
            **form: Fields, units, resolution and filling of the records (`DataForm`). Default: the form passed to the
                `aget_data_changes` call that returned this change.

        Raises:
            NotLoadedError: The site, start or end is not loaded.
            UnusableValueError: The site, start or end that the service sent is invalid.
        """
        return DataAsync(self._get_client(), [self._query(form)])

    def confirm_data_received(self) -> bool:
        """Acknowledge the change, after its records were downloaded and processed. Repeating this does no harm.

        Returns:
            True if the service no longer lists the change as open.

        Raises:
            NotLoadedError: The site is not loaded; the URL of a change contains it.
            RestreamError: The request failed.
        """
        return self._get_client()._run(self._acknowledge())

    async def aconfirm_data_received(self) -> bool:
        """Acknowledge the change, after its records were downloaded and processed. Repeating this does no harm.

        Returns:
            True if the service no longer lists the change as open.

        Raises:
            NotLoadedError: The site is not loaded; the URL of a change contains it.
            RestreamError: The request failed.
        """
        return await self._get_client()._arun(self._acknowledge())

    def _query(self, form: DataForm) -> DataQuery:
        form = {**self._form, **validate_data_form(form)}
        interval = get_interval(self, "start_date", "end_date")
        start, end = widen_to_whole_second(interval.start, interval.end)
        return DataQuery(source="site", id=interval.site, start=start, end=end, **form)

    def _fetch_current(self) -> Flow[DataChangeModel]:
        def check(log: ChangeLog) -> None:
            if self._find_own(log) is None:
                raise UnexpectedContentError("change_log: the requested change is not in it")

        log = yield from get_site_data_change(self.site, self.id).with_parse(CheckedType(_read, check))
        return cast("DataChangeModel", self._find_own(log))

    def _find_own(self, log: ChangeLog) -> DataChangeModel | None:
        own: list[DataChangeModel] = [
            each for each in parse_change_log(log) if parse_id(get_value(each, "site")) in {None, self.site}
        ]
        if len(own) == 1 and parse_id(get_value(own[0], "id")) is None:
            return own[0]  # the only one, so it is the requested one
        return next((change for change in own if parse_id(get_value(change, "id")) == self.id), None)

    def _acknowledge(self) -> Flow[bool]:
        body = Acknowledgements(change_log=[Acknowledgement(id=self.id, update_received=True)])
        log = yield from acknowledge_site_data_changes(self.site, body=body)
        still_open = log.get("change_log")  # a response without a list is a success, too
        changes: list[Any] = still_open if is_array(still_open) else []
        return all(parse_id(get_value(change, "id")) != self.id for change in changes)


class ChangeQuery(NamedTuple):
    """Query for the data changes of a pad or site."""

    operation: Operation[ChangeLog]
    form: DataForm
    """The form of their records."""


def build_change_query(endpoints: Endpoints, id: int, form: DataForm, *, acknowledged: bool | None) -> ChangeQuery:
    """Return the query for the changes of a pad or site.

    Raises:
        TypeError: An option is not in `DataForm`, or a value has the wrong type.
        ValueError: Options do not go together.
    """
    form = validate_data_form(form)
    DataQuery(source="site", id=id, **form)  # to refuse an invalid form before any request
    flag = None if acknowledged is None else validate_flag(acknowledged, "get_acknowledged")
    return ChangeQuery(endpoints.list_data_changes(id, get_acknowledged=flag), form)


def fetch_changes(
    endpoints: Endpoints, id: int, known_sites: frozenset[int], client: Client, query: ChangeQuery, *, as_dict: bool
) -> Flow[tuple[ObjectList[DataChange] | list[dict[str, Any]], list[DataQuery]]]:
    """Fetch the changes, and return them with the queries for all their records."""
    operation, form = query
    read = RawJson(operation.parse) if as_dict else _read
    changes = parse_change_log((yield from operation.with_parse(CheckedType[Any](read, parse_change_log))))
    if endpoints.source == "site":
        own = filter_matching(changes, [has_id("site", id)], operation.name)
    else:
        own = yield from filter_by_pad(client, id, known_sites, changes, operation.name)
    models: list[DataChangeModel] = parse_value(list[DataChangeModel], own, operation.name).value if as_dict else own
    queries: list[DataQuery] = []
    for interval in merge_intervals(models, "start_date", "end_date"):
        start, end = widen_to_whole_second(interval.start, interval.end)
        queries.append(DataQuery(source="site", id=interval.site, start=start, end=end, **form))
    if as_dict:
        return own, queries
    return ObjectList((DataChange.from_api_model(change, client, form) for change in models), kind=DataChange), queries


def parse_change_log(log: Any) -> list[Any]:
    """Return the changes in a response, as objects or as dicts.

    Raises:
        UnexpectedContentError: The response has no list of changes.
    """
    changes = log.get("change_log", ...)
    if changes is None:
        return []
    if not isinstance(changes, list):
        raise UnexpectedContentError("change_log: it is missing, or not a list")
    return [*cast("list[object]", changes)]


_read = Json[ChangeLog](ChangeLog)
