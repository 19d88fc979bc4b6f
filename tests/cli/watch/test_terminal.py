"""`datastore watch` in a real terminal, against a sandbox whose connections break."""

from __future__ import annotations

import os
import shlex
import signal

import pytest

from datastore_sdk.cli.commands.watch import watch
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.sandbox import Sandbox, faults
from tests.cli.example_commands import find_examples
from tests.support.exhaustive import first
from tests.support.paths import ROOT
from tests.support.waiting import wait_until

if os.name == "nt":
    pytest.skip("pseudo-terminals are of POSIX", allow_module_level=True)

from tests.cli.watch.pseudo_terminal import ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR, PseudoTerminal

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [watch.__doc__ or "", *(path.read_text("utf-8") for path in DOCUMENTS)]
EXAMPLES = [*dict.fromkeys(example for text in TEXTS for example in find_examples(text, ["watch"]))]


def assert_sane(terminal: PseudoTerminal) -> None:
    """Assert that the terminal is as it was: screen, cursor, echo and line mode."""
    wait_until(lambda: LEAVE_SCREEN in terminal.output)
    assert terminal.output.rindex(LEAVE_SCREEN) > terminal.output.rindex(ENTER_SCREEN)
    assert terminal.output.rindex(SHOW_CURSOR) > terminal.output.rindex(ENTER_SCREEN)
    assert terminal.settings() == terminal.settings_before


@pytest.mark.exhaustive
def test_view_survives_breaks_resizing_and_suspension() -> None:
    exported = {"COLUMNS": "80", "LINES": "24"}  # as by a shell or program that started the view
    with (
        Sandbox(days=1) as sandbox,
        PseudoTerminal(["watch", "--pad", "681", "--tz", "site"], {**sandbox.environment, **exported}) as terminal,
    ):
        terminal.wait_for("connected")
        terminal.wait_for("Treating pressure")
        assert "frac_frac" in terminal.text
        sandbox.faults.add(faults.Drop(path="/ws/pads/681/data/", lost=2))
        terminal.wait_for("1 reconnection")
        terminal.wait_for(" fetched)")
        terminal.resize(100, 30)
        terminal.wait_for("─" * 100)
        terminal.press("\x1a")
        terminal.wait_until_stopped()
        assert_sane(terminal)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("connected")
        terminal.press("q")
        assert terminal.wait_for_end() == (ExitStatus.DONE, "")
        assert_sane(terminal)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGTERM, ExitStatus.TERMINATED),
        (signal.SIGHUP, ExitStatus.TERMINAL_CLOSED),
        (signal.SIGINT, ExitStatus.INTERRUPTED),
    ],
)
def test_signal_ends_the_view(number: signal.Signals, status: ExitStatus) -> None:
    with Sandbox(days=1) as sandbox, PseudoTerminal(["watch", "--site", "981"], sandbox.environment) as terminal:
        terminal.wait_for("connected")
        if number == signal.SIGINT:
            terminal.press("\x03")
        else:
            terminal.process.send_signal(number)
        assert terminal.wait_for_end() == (status, "")
        assert_sane(terminal)


@pytest.mark.exhaustive
def test_closed_terminal_ends_the_view() -> None:
    with Sandbox(days=1) as sandbox, PseudoTerminal(["watch", "--site", "981"], sandbox.environment) as terminal:
        terminal.wait_for("connected")
        terminal.close()
        assert terminal.wait_for_end() == (ExitStatus.TERMINAL_CLOSED, "")


@pytest.mark.exhaustive
def test_no_color_has_no_colors() -> None:
    with (
        Sandbox(days=1) as sandbox,
        PseudoTerminal(["watch", "--site", "981"], {**sandbox.environment, "NO_COLOR": "1"}) as terminal,
    ):
        terminal.wait_for("connected")
        terminal.press("q")
        assert terminal.wait_for_end() == (ExitStatus.DONE, "")
        assert "\x1b[32m" not in terminal.output
        assert "38;2" not in terminal.output


@pytest.mark.parametrize("example", first(1, EXAMPLES))
def test_example_runs(example: str) -> None:
    """Each example of help and documents draws the view, until q is pressed."""
    with Sandbox(days=1) as sandbox, PseudoTerminal(shlex.split(example)[1:], sandbox.environment) as terminal:
        terminal.wait_for("connected")
        terminal.press("q")
        assert terminal.wait_for_end() == (ExitStatus.DONE, "")
        assert_sane(terminal)
