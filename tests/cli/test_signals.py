"""Signals end a command, but neither its clean-up nor a line."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from datastore_sdk.cli.signals import Interruption, TerminalClosed, Terminated

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM"),
    pytest.mark.usefixtures("default_sighup"),
]


@pytest.fixture(autouse=True)
def no_earlier_signal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    monkeypatch.setattr(Interruption, "_last", float("-inf"))
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_repeated_signal_does_not_end_the_cleanup() -> None:
    cleaned: list[bool] = []

    def work() -> None:
        with Interruption(), Interruption():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                cleaned.append(True)

    with pytest.raises(Terminated):
        work()
    assert cleaned == [True]


def test_repeated_signal_after_the_end_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command still prints, and chooses its exit status."""
    received: list[int] = []

    def handle(number: int, _: object) -> None:
        received.append(number)

    def work() -> None:
        with Interruption():
            signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, handle)
    with pytest.raises(KeyboardInterrupt):
        work()
    signal.raise_signal(signal.SIGINT)
    assert received == []
    monkeypatch.setattr(Interruption, "_last", float("-inf"))
    signal.raise_signal(signal.SIGINT)
    assert received == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is handle


def test_later_signal_raises_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with Interruption():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            monkeypatch.setattr(Interruption, "_last", float("-inf"))


def test_deferred_signal_raises_after_the_block() -> None:
    written: list[str] = []

    def write() -> None:
        with Interruption() as interruption, interruption.defer():
            signal.raise_signal(signal.SIGTERM)
            written.append("a whole line")

    with pytest.raises(Terminated):
        write()
    assert written == ["a whole line"]


def test_closed_terminal_ends_the_command() -> None:
    with Interruption(), pytest.raises(TerminalClosed):
        signal.raise_signal(signal.SIGHUP)


def test_ignored_sighup_stays_ignored() -> None:
    """As `nohup` requests."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_handlers_are_restored() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [*map(signal.getsignal, numbers)]
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert [*map(signal.getsignal, numbers)] == before
