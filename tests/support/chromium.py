"""Headless Chromium, driven over the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

from tests.support.fake_server import TIMEOUT_SECONDS

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SIZE = "1400,850"
"""Width and height of the window in pixels."""
_MAX_MESSAGE_BYTES = 64_000_000
_OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-port=0",
    f"--window-size={_SIZE}",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium; None if it is not installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Chromium:
    """Browser with one page.

    Args:
        program: Path of the program.
        profile: Folder for the profile.

    Attributes:
        problems: Errors and warnings of the console, and uncaught exceptions.
        requests: URLs that the page requested.
    """

    def __init__(self, program: str, profile: Path) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._command = [program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        if hasattr(os, "getuid") and os.getuid() == 0:
            self._command.insert(1, "--no-sandbox")  # which root cannot have
        self._profile = profile
        self._ids = count(1)
        self._session: dict[str, str] = {}

    def __enter__(self) -> Self:
        environment = {**os.environ, "HOME": str(self._profile), "XDG_CONFIG_HOME": str(self._profile)}
        with ExitStack() as stack:
            self._process = stack.enter_context(
                subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            stack.callback(self._process.terminate)
            url = self._find_url()
            self._socket = stack.enter_context(connect(url, max_size=_MAX_MESSAGE_BYTES, proxy=None))
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = {"sessionId": attached["sessionId"]}
            for domain in ("Runtime", "Log", "Network", "Page"):
                self._call(f"{domain}.enable")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is loaded."""
        self._call("Page.navigate", url=path.as_uri())
        self.wait_for(f"location.href == {path.as_uri()!r} && document.readyState == 'complete'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def move_mouse(self, x: float, y: float) -> None:
        """Move the mouse to a place of the page, in pixels."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def save_screenshot(self, path: Path) -> None:
        """Save what the page shows, as PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _find_url(self) -> str:
        """Return the address that the browser writes into its profile when it is ready."""
        file, end = self._profile / "DevToolsActivePort", time.monotonic() + TIMEOUT_SECONDS
        while not (file.exists() and file.read_text().count("\n")):
            assert self._process.poll() is None, "the browser has ended"
            assert time.monotonic() < end, "the browser does not start"
            time.sleep(0.05)
        port, path = file.read_text().split("\n")
        return f"ws://127.0.0.1:{port}{path}"

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters, **self._session}))
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv(TIMEOUT_SECONDS))
            if message.get("id") == number:
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method"), message.get("params", {}))

    def _note(self, event: str | None, parameters: dict[str, Any]) -> None:
        match event, parameters:
            case "Runtime.consoleAPICalled", {"type": "error" | "warning" | "assert"}:
                self.problems.append(json.dumps(parameters["args"]))
            case "Runtime.exceptionThrown", _:
                self.problems.append(json.dumps(parameters["exceptionDetails"]))
            case "Log.entryAdded", {"entry": {"level": "error" | "warning"}}:
                self.problems.append(json.dumps(parameters["entry"]))
            case "Network.requestWillBeSent", _:
                self.requests.append(parameters["request"]["url"])
            case _:
                pass
