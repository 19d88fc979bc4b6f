"""Makes calls with one client of the Restream API, the vendor's or the SDK. A call has the same name in both.

    python driver.py PACKAGE sync|async

Each line of standard input is a call as JSON: its text, such as `Pad(id=668).get_sites()`, and the environment
variables to set for it. The driver prints one line for each, its result as JSON; an exception is a result too. For an
empty line it prints the names of the methods that no call has used yet.

This runs in the vendor's environment as well as in the project's: it imports the standard library and the package.
"""

from __future__ import annotations

import ast
import asyncio
import csv
import faulthandler
import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import ExitStack, chdir
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast
from unittest import mock

NAMES = ("Pad", "Site", "State", "StageNameFilters", "DataResolutions", "DataAggregations", "DataFillMethods")
LONGEST_CALL_SECONDS = 60
AWAITED = ("first", "records")
"""The functions of calls that are coroutines."""


class Client:
    """A client in its sync or its async form."""

    def __init__(self, package: str, *, asynchronous: bool) -> None:
        module = importlib.import_module(package)
        self._asynchronous = asynchronous
        self._names = {name: getattr(module, name) for name in NAMES}
        self._used: dict[type, set[str]] = {}

    def function(self, text: str) -> Callable[[], Coroutine[Any, Any, Any]]:
        """Compile the text of a call to a function that returns the value of its last expression."""
        body = _Routed().visit(ast.parse(text)).body
        body[-1] = ast.Return(body[-1].value)
        source = ast.parse("async def call(): ...")
        definition = source.body[0]
        assert isinstance(definition, ast.AsyncFunctionDef)  # noqa: S101 - it has just been written
        definition.body = body
        names: dict[str, Any] = {
            **self._names,
            "at": at,
            "contents": contents,
            "datetime": datetime,
            "first": self.first,
            "records": self.records,
            "_invoke": self._invoke,
        }
        exec(compile(ast.fix_missing_locations(source), text, "exec"), names)  # noqa: S102 - the calls are our own
        call: Callable[[], Coroutine[Any, Any, Any]] = names["call"]
        return call

    async def records(self, data: Any) -> list[Any]:
        """Return all records of a Data or DataAsync."""
        if self._asynchronous:
            return [record async for record in data.data_fetcher]
        return list(data.data_fetcher)

    async def first(self, data: Any, count: int) -> list[Any]:
        """Return the first items of an endless Data or DataAsync."""
        fetcher, items = data.data_fetcher, list[Any]()
        if not self._asynchronous:
            items += islice(fetcher, count)
            fetcher.close()
            return items
        async for item in fetcher:
            items.append(item)
            if len(items) == count:
                break
        await fetcher.aclose()
        return items

    async def _invoke(self, target: Any, name: str, *positional: Any, **named: Any) -> Any:
        kind: type = target if isinstance(target, type) else type(target)
        self._used.setdefault(kind, set()).add(name)
        if self._asynchronous:
            return await getattr(target, f"a{name}")(*positional, **named)
        return getattr(target, name)(*positional, **named)

    def list_unused_methods(self) -> list[str]:
        """Return the public methods that no call has used, of all classes that calls have used."""
        return sorted(
            f"{kind.__name__}.{name}" for kind, used in self._used.items() for name in _methods(kind).difference(used)
        )


class _Routed(ast.NodeTransformer):
    """Sends every method call through `_invoke`, so that one text does for both forms."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=target, attr=name):
                arguments = [target, ast.Constant(name), *node.args]
                return ast.Await(ast.Call(ast.Name("_invoke", ast.Load()), arguments, node.keywords))
            case ast.Name(id=name) if name in AWAITED:
                return ast.Await(node)
            case _:
                return node


def _methods(kind: type) -> set[str]:
    found: set[str] = set()
    for name, method in inspect.getmembers(kind, callable):
        if not name.startswith("_"):
            asynchronous = name.startswith("a") and inspect.iscoroutinefunction(method)
            found.add(name.removeprefix("a") if asynchronous else name)
    return found


def at(text: str) -> datetime:
    """Parse a datetime; UTC if the text has no time zone."""
    timestamp = datetime.fromisoformat(text)
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)


def contents(path: str) -> Any:
    """Return the content of a file: JSON, or the rows of a CSV file as dicts of text."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return json.load(file) if path.endswith(".json") else list(csv.DictReader(file))


def to_json_value(value: Any) -> Any:
    """Convert a value to JSON. Other types become a dict with one key that begins with a dollar sign."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return {"$datetime": value.astimezone(UTC).isoformat()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in cast("Iterable[Any]", value)]
    return {str(name): to_json_value(item) for name, item in _items(value)}


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    if hasattr(value, "data_fetcher"):
        return [("$lazy", "records")]
    if hasattr(value, "keys"):  # a dict, or one of our objects, which read like dicts
        return [(name, value[name]) for name in value]
    attributes = cast("dict[str, Any]", vars(value))
    return [(name, item) for name, item in attributes.items() if not name.startswith("_")]


def run_call(client: Client, call: dict[str, Any], run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Any:
    """Return the result of a call. For an exception it is the names of its class and of that class's bases."""
    function = client.function(call["text"])
    with mock.patch.dict(os.environ, call["environment"]), tempfile.TemporaryDirectory() as folder, chdir(folder):
        try:
            return to_json_value(run(function()))
        except Exception as error:  # noqa: BLE001 - any exception is a result
            return {"$error": [kind.__name__ for kind in type(error).__mro__]}


def at_once(call: Awaitable[Any]) -> Any:
    """Run a coroutine that never waits, without an event loop: the sync form must not need one."""
    steps = call.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a sync call waits")


def main() -> None:
    """Make the calls of standard input."""
    package, form = sys.argv[1:]
    logging.disable()
    client = Client(package, asynchronous=form == "async")
    with ExitStack() as stack:
        run = stack.enter_context(asyncio.Runner()).run if form == "async" else at_once
        for line in sys.stdin:
            faulthandler.dump_traceback_later(LONGEST_CALL_SECONDS, exit=True)
            result = client.list_unused_methods() if line.isspace() else run_call(client, json.loads(line), run)
            faulthandler.cancel_dump_traceback_later()
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
