"""The parameters of the pads: the service's own and those that users make, change and delete."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime

from datastore_sdk.sandbox.api.errors import bad_request, not_found
from datastore_sdk.sandbox.api.request_bodies import Draft
from datastore_sdk.sandbox.simulation.parameters import DEFAULTS, FIRST_CUSTOM_ID, Parameter


class Parameters:
    """All definitions. Those of users belong to one pad."""

    def __init__(self) -> None:
        self._custom: dict[int, Parameter] = {}
        self._ids = itertools.count(FIRST_CUSTOM_ID)
        self._lock = threading.Lock()

    def of_pad(self, pad_id: int) -> list[Parameter]:
        """The definitions that hold on a pad."""
        return [*DEFAULTS, *(each for each in self._custom.copy().values() if pad_id in each.pads)]

    def get(self, pad_id: int, number: int) -> Parameter:
        """One definition.

        Raises:
            RequestError: 404 when the pad has none of this id.
        """
        found = next((parameter for parameter in self.of_pad(pad_id) if parameter.id == number), None)
        if found is None:
            raise not_found()
        return found

    def check_names(self, pad_id: int, drafts: list[tuple[str, Draft]]) -> None:
        """Whether all these names are free.

        Raises:
            RequestError: 400 when one is taken, or wanted twice.
        """
        taken = {parameter.name for parameter in self.of_pad(pad_id)}
        for name, _ in drafts:
            if name in taken:
                raise bad_request(name=f'A parameter with the name "{name}" already exists.')
            taken.add(name)

    def create(self, pad_id: int, drafts: list[tuple[str, Draft]], now: float) -> list[Parameter]:
        """Adds definitions, all of them or none.

        Raises:
            RequestError: 400 when a name is taken.
        """
        with self._lock:
            self.check_names(pad_id, drafts)
            moment = datetime.fromtimestamp(now, UTC)
            created = [self._new(pad_id, name, draft, moment) for name, draft in drafts]
            self._custom |= {parameter.id: parameter for parameter in created}
        return created

    def change(self, pad_id: int, number: int, draft: Draft, now: float) -> Parameter:
        """Changes what the draft has of a user's definition.

        Raises:
            RequestError: 404 when there is none of this id, 400 when it is one of the service's own.
        """
        with self._lock:
            changed = replace(
                self.of_user(pad_id, number), **draft.changes(), updated_at=datetime.fromtimestamp(now, UTC)
            )
            self._custom[number] = changed
        return changed

    def delete(self, pad_id: int, number: int) -> None:
        """Deletes a user's definition.

        Raises:
            RequestError: 404 when there is none of this id, 400 when it is one of the service's own.
        """
        with self._lock:
            del self._custom[self.of_user(pad_id, number).id]

    def _new(self, pad_id: int, draft_name: str, draft: Draft, now: datetime) -> Parameter:
        if draft.definition is None:
            raise ValueError("a new parameter needs a definition")
        blank = Parameter(next(self._ids), draft_name, draft.definition, draft.si_unit, custom=True, pads=(pad_id,))
        return replace(blank, **draft.changes(), created_at=now, updated_at=now)

    def of_user(self, pad_id: int, number: int) -> Parameter:
        """A definition that a user made.

        Raises:
            RequestError: 404 when there is none of this id, 400 when it is one of the service's own.
        """
        found = self.get(pad_id, number)
        if not found.custom:
            raise bad_request(non_field_errors="Only custom parameters can be changed or deleted.")
        return found
