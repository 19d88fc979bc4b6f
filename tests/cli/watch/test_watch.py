"""`datastore watch`: its feed against rooms that break, and options that do not go together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta, tzinfo

import pytest

from datastore_sdk import Client, Pad, Site, State
from datastore_sdk.cli import main
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.watch import screen, setup
from datastore_sdk.cli.watch.feed import Feed
from datastore_sdk.cli.watch.model import SHOWN_SECONDS, WatchedField, WatchModel
from datastore_sdk.exceptions import PermissionDeniedError
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.support.waiting import wait_until

Output = pytest.CaptureFixture[str]
RATE = [WatchedField("slurry_rate", "Slurry rate", "bbl/min")]
pytestmark = [pytest.mark.usefixtures("at_now")]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output counts as a terminal that shows the view."""
    monkeypatch.setattr(screen, "is_terminal", bool)
    monkeypatch.setenv("TERM", "xterm-256color")


def run_failing(arguments: list[str], capsys: Output) -> tuple[int, str]:
    """Return exit status and the one line of the error."""
    status = main(["watch", *arguments])
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return status, err


@pytest.fixture
def pumped(shared_sandbox: Sandbox) -> int:
    """Return the id of a well that is being fractured now, in this sandbox and others of its seed."""
    with Client(shared_sandbox.token, base_url=shared_sandbox.url) as client:
        return State.get_models(client=client, pad_id=681, stage_name_filter="frac")[0].site_id


class Follower:
    """Applies a feed to a model, as the screen does."""

    def __init__(self, feed: Feed, model: WatchModel) -> None:
        self.feed, self.model = feed, model

    def count(self, site: int) -> int:
        self.feed.update(self.model)
        end = int(NOW.timestamp()) + 60
        values = self.model.wells[site].curves["slurry_rate"].average(end - 3600, end, 3601)
        return sum(value is not None for value in values)

    def wait_until(self, holds: Callable[[WatchModel], bool]) -> None:
        def update() -> bool:
            self.feed.update(self.model)
            return holds(self.model)

        wait_until(update)

    def wait_for(self, site: int, seconds: int) -> None:
        wait_until(lambda: self.count(site) >= seconds)


def test_feed_is_whole_after_a_break(own_sandbox: Sandbox, pumped: int) -> None:
    with Client() as client, Feed(Site(pumped, client=client), RATE, si=False) as feed:
        follower = Follower(feed, WatchModel("1WA", {pumped: "1WA"}, RATE, site=pumped))
        follower.wait_for(pumped, SHOWN_SECONDS)
        own_sandbox.faults.add(faults.Drop(path=f"/ws/sites/{pumped}/data/", lost=3))
        own_sandbox.advance(5)
        follower.wait_until(lambda model: model.connection.reconnections == 1)
        own_sandbox.advance(5)
        follower.wait_for(pumped, SHOWN_SECONDS + 11)
        assert follower.count(pumped) == SHOWN_SECONDS + 11  # both ends are included
        assert follower.model.wells[pumped].gaps == []


def test_feed_of_a_pad_has_states_and_history(sandbox: Sandbox, pumped: int) -> None:
    with Client() as client, Feed(Pad(681, client=client), RATE, si=False) as feed:
        follower = Follower(feed, WatchModel("Pad", {}, RATE))
        follower.wait_until(lambda model: len(model.wells) == 4 and all(well.state for well in model.wells.values()))
        expected = {state.site_id: state.current_state for state in Pad(681, client=client).get_states()}
        assert {site: well.state for site, well in follower.model.wells.items()} == expected
        follower.wait_for(pumped, SHOWN_SECONDS)
    assert {path for each in sandbox.requests if each.status == 101 and (path := each.path.rpartition("/ws")[2])} == {
        "/pads/681/",
        "/pads/681/data/",
    }


def test_feed_raises_what_ends_the_records(own_sandbox: Sandbox, pumped: int) -> None:
    own_sandbox.faults.add(faults.Status(403, path=f"/ws/sites/{pumped}/data/", times=None))
    with Client() as client, Feed(Site(pumped, client=client), RATE, si=False) as feed:
        model = WatchModel("1WA", {pumped: "1WA"}, RATE, site=pumped)

        def has_failed() -> bool:
            try:
                feed.update(model)
            except PermissionDeniedError:
                return True
            return False

        wait_until(has_failed)


def test_states_that_fail_cost_the_states_only(own_sandbox: Sandbox, pumped: int) -> None:
    own_sandbox.faults.add(faults.Status(403, path="/states/", times=None))
    with Client() as client, Feed(Site(pumped, client=client), RATE, si=False) as feed:
        follower = Follower(feed, WatchModel("1WA", {pumped: "1WA"}, RATE, site=pumped))
        follower.wait_for(pumped, 1)
        follower.wait_until(lambda model: model.message.startswith("no states: "))


@pytest.mark.usefixtures("sandbox")
def test_warnings_are_shown_in_the_view() -> None:
    logger = logging.getLogger("datastore_sdk")
    handlers = [*logger.handlers]
    with Client() as client, Feed(Site(981, client=client), RATE, si=False) as feed:
        logging.getLogger("datastore_sdk.realtime").warning("the line\nis lost")
        model = WatchModel("1WA", {981: "1WA"}, RATE, site=981)
        feed.update(model)
        assert model.message == "the line\\nis lost"
    assert logger.handlers == handlers


@pytest.mark.usefixtures("sandbox")
def test_pipes_are_refused_with_the_command_for_lines(capsys: Output) -> None:
    status, error = run_failing(["--pad", "681"], capsys)
    assert status == ExitStatus.COULD_NOT_RUN
    assert "for lines: datastore tail --pad 681 --routed --fields surface_treating_pressure,slurry_rate," in error


@pytest.mark.usefixtures("sandbox", "terminal")
def test_dumb_terminals_are_refused(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    status, error = run_failing(["--site", "981"], capsys)
    assert (status, "TERM='dumb'" in error) == (ExitStatus.COULD_NOT_RUN, True)


@pytest.mark.usefixtures("sandbox", "terminal")
@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        ([], ExitStatus.COULD_NOT_RUN, "pass --pad ID or --site ID"),
        (["--pad", "681", "--site", "981"], ExitStatus.COULD_NOT_RUN, "not both"),
        (["--site", "681"], ExitStatus.NOT_FOUND, "there is no site 681, but there is a pad 681: use --pad 681"),
        (["--pad", "5"], ExitStatus.NOT_FOUND, "there is no pad 5"),
        (["--site", "981", "--fields", "slury_rate"], ExitStatus.COULD_NOT_RUN, "did you mean 'slurry_rate'"),
        (["--site", "981", "--fields", ","], ExitStatus.COULD_NOT_RUN, "--fields"),
        (["--site", "981", "--tz", "Nowhere"], ExitStatus.COULD_NOT_RUN, "not a time zone"),
        (["--site", "x"], ExitStatus.COULD_NOT_RUN, "'x' is not a valid int"),
    ],
)
def test_wrong_options_are_one_line(arguments: list[str], status: ExitStatus, error: str, capsys: Output) -> None:
    found, line = run_failing(arguments, capsys)
    assert found == status
    assert error in line


@pytest.mark.usefixtures("terminal")
def test_missing_credentials_are_one_line(capsys: Output) -> None:
    status, error = run_failing(["--site", "981"], capsys)
    assert (status, "TALLY_AUTH_TOKEN" in error) == (ExitStatus.NO_ACCESS, True)


@pytest.mark.usefixtures("sandbox", "terminal")
def test_fields_have_labels_units_and_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[WatchModel] = []

    def note(model: WatchModel, _: Feed, __: tzinfo) -> None:
        shown.append(model)

    monkeypatch.setattr(setup, "show", note)
    assert main(["watch", "--pad", "681", "--fields", "slurry_rate,clean_flow", "--si"]) == ExitStatus.DONE
    (model,) = shown
    assert model.title == "Caprock East (pad 681)"
    assert [*model.wells] == [981, 982, 983, 984]
    assert [(field.label, field.unit, field.color) for field in model.fields] == [
        ("Slurry rate", "m^3/min", "#1B6CA8"),
        ("Clean Rate", "m^3/min", "#3FA7D6"),
    ]


def test_curves_begin_fifteen_minutes_ago(sandbox: Sandbox, pumped: int) -> None:
    with Client() as client, Feed(Site(pumped, client=client), RATE, si=False) as feed:
        Follower(feed, WatchModel("1WA", {pumped: "1WA"}, RATE, site=pumped)).wait_for(pumped, SHOWN_SECONDS)
    (request,) = [each for each in sandbox.requests if each.path.endswith(f"/ws/sites/{pumped}/data/")]
    assert dict(request.query)["start_datetime"] == f"{NOW - timedelta(seconds=SHOWN_SECONDS):%Y-%m-%d %H:%M:%S}"
    assert dict(request.query)["fields"] == "slurry_rate"
