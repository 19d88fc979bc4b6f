"""Comparison of the sync and the async form of every public call: they must be the same code.

Looked at are the classes that the package's `__all__` names, and their bases. Each call (`get_x`, `create_x`, `update`,
`save`, ...) needs its async form (`aget_x`), each async method its sync form, and `DataAsync` must have all that `Data`
has. With `async`, `await` and the `a` of the names taken out, decorators, overloads, signatures and bodies must be
equal. The docstring of a public async method must be the one that `_async_docstrings` derives from the sync method.

In `DataAsync`, methods that return or are async generators (`batches`) have the name of their sync form. Methods that
are awaited have the `a`, except those of `SAME_NAME`.
"""

from __future__ import annotations

import ast
import copy
import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from _async_docstrings import Docstring, Function, docstring_of, to_async, write_docstrings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

N = TypeVar("N", bound=ast.AST)

ASYNC = "Async"

SANDBOX = "sandbox"
"""The folder whose classes are not looked at: it has a `Pad`, a `Site` and a `Stage` of its own."""

CALL = re.compile(r"(get|create|update|delete|confirm)_|(update|save)$")
"""The public methods that must have an async form; any other one may."""
SYNC_ONLY = {"Plan.save", "TreatmentPlot.save"}
"""Methods with such a name without an async form: engines read plans in threads, and a plot makes no request."""

BODIES_DIFFER = frozenset({"Client.close", "Client._driver"})
"""Pairs whose signatures alone are compared: here the two forms part."""

SAME_NAME = frozenset({"Data.head"})
"""Sync forms whose async form is awaited and has the same name: `ahead` is another word."""

SYNC_WORDS = {
    "AsyncDriver": "SyncDriver",
    "AsyncExitStack": "ExitStack",
    "AsyncGenerator": "Generator",
    "AsyncIterable": "Iterable",
    "AsyncIterator": "Iterator",
    "StopAsyncIteration": "StopIteration",
    "aclosing": "closing",
    "aiter": "iter",
    "anext": "next",
    "asynccontextmanager": "contextmanager",
}
"""Names of the two forms that do not follow the rule; except for the drivers, those of the standard library."""


@dataclass(frozen=True)
class _Class:
    node: ast.ClassDef
    path: Path

    @property
    def bases(self) -> Iterator[str]:
        for base in self.node.bases:
            generic = base.value if isinstance(base, ast.Subscript) else base
            if isinstance(generic, ast.Name | ast.Attribute):
                yield generic.id if isinstance(generic, ast.Name) else generic.attr

    @cached_property
    def methods(self) -> dict[str, list[Function]]:
        """By name; more than one definition is a name with overloads."""
        methods: dict[str, list[Function]] = {}
        for statement in self.node.body:
            if isinstance(statement, Function):
                methods.setdefault(statement.name, []).append(statement)
        return methods


def async_name(name: str) -> str:
    """`get_x` -> `aget_x`, `_x` -> `_ax`, `__iter__` -> `__aiter__`."""
    bare = name.lstrip("_")
    return f"{name[: len(name) - len(bare)]}a{bare}"


class _ToSync(ast.NodeTransformer):
    """Takes out what makes code async, and its docstrings."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.visit_FunctionDef(_recast(node, ast.FunctionDef))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.name = self.words.get(node.name, node.name)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.visit_For(_recast(node, ast.For))

    def visit_For(self, node: ast.For) -> ast.AST:
        """As `yield from` where it is one: async code has to spell it out."""
        self.generic_visit(node)
        match node:
            case ast.For(
                target=ast.Name(id=item), body=[ast.Expr(value=ast.Yield(value=ast.Name(id=given)))], orelse=[]
            ):
                return ast.Expr(ast.YieldFrom(node.iter)) if item == given else node
            case _:
                return node

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.generic_visit(_recast(node, ast.With))

    def visit_Await(self, node: ast.Await) -> ast.AST:
        value: ast.expr = self.visit(node.value)
        return value

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.is_async = 0
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.words.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self.words.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """To the caller `Generator[X, None, None]` is `AsyncGenerator[X, None]`, and X is `Awaitable[X]`."""
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Name(id="Generator"), slice=ast.Tuple(elts=[item, *_])):
                node.slice = item
            case ast.Subscript(value=ast.Name(id="Awaitable"), slice=item):
                return item
            case ast.Subscript(value=ast.Name(id="Coroutine"), slice=ast.Tuple(elts=[_, _, item])):
                return item
            case _:
                pass
        return node


def _recast(node: ast.AST, kind: type[N]) -> N:
    """Return the node as another kind with the same fields."""
    return ast.copy_location(kind(**dict(ast.iter_fields(node))), node)


class Package:
    """The public classes of a package."""

    def __init__(self, folder: Path) -> None:
        sources = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}
        modules = {path: ast.parse(source) for path, source in sources.items()}
        self._lines_of = {path: source.splitlines() for path, source in sources.items()}
        classes: dict[str, _Class] = {}
        for path, module in modules.items():
            for node in ast.walk(module):
                if isinstance(node, ast.ClassDef) and not path.is_relative_to(folder / SANDBOX):
                    classes[node.name] = _Class(node, path)
        self.public: dict[str, _Class] = {}
        names = list(_read_exports(modules[folder / "_exports.py"]))
        if not names:
            raise ValueError(f"{folder} exports nothing, so that nothing would be compared")
        for name in names:
            if name in classes and name not in self.public:
                self.public[name] = classes[name]
                names.extend(classes[name].bases)
        functions = {
            node.name for module in modules.values() for node in ast.walk(module) if isinstance(node, Function)
        }
        self.words = {
            **SYNC_WORDS,
            **{async_name(name): name for name in functions if async_name(name) in functions},
            **{name + ASYNC: name for name in classes if name + ASYNC in classes},
            **{ASYNC + name: name for name in classes if ASYNC + name in classes},
        }

        self.async_names = {
            **{
                name: async_name(name)
                for class_ in self.public.values()
                for name in class_.methods
                if self._has_twin(name)
            },
            **{name: name + ASYNC for name in self.public if name + ASYNC in self.public},
        }
        """The async names of public methods and classes, by their sync names."""

    def _has_twin(self, name: str) -> bool:
        return not name.startswith("_") and any(async_name(name) in class_.methods for class_ in self.public.values())

    def fix_docstrings(self) -> None:
        """Write the docstrings of all public async methods."""
        write_docstrings(change for pair in self._pairs() if (change := self._docstring_change(*pair)))

    def _docstring_change(
        self, class_: _Class, name: str, other: _Class, twin: str
    ) -> tuple[Docstring, tuple[str, ...]] | None:
        """Return the docstring of an async method with the lines that it should have; None if it has them."""
        if twin.startswith("_"):
            return None
        sync, async_ = (
            docstring_of(owner.path, self._lines_of[owner.path], owner.methods[method][-1])
            for owner, method in ((class_, name), (other, twin))
        )
        lines = to_async(sync.lines, self.async_names)
        return None if async_.lines == lines else (async_, lines)

    def _pairs(self) -> Iterator[tuple[_Class, str, _Class, str]]:
        """Yield each method that has an async form: its class and name, and those of the async form."""
        for class_name, class_ in self.public.items():
            other = self.public.get(class_name + ASYNC, class_)
            for name in class_.methods:
                names = [async_name(name)] if other is class_ else [async_name(name), name]
                if twin := next((twin for twin in names if twin in other.methods), None):
                    yield class_, name, other, twin

    def findings(self) -> Iterator[str]:
        """Yield a text for each difference."""
        for name, class_ in self.public.items():
            other = self.public.get(name + ASYNC)
            if other:
                yield from self._between(class_, other)
            elif name not in self.words:
                yield from self._within(class_)
        for class_, name, other, twin in self._pairs():
            if self._docstring_change(class_, name, other, twin):
                where = _place(other, twin)
                yield f"{where} lacks the docstring of {class_.node.name}.{name}: run scripts/twins --fix"

    def _within(self, class_: _Class) -> Iterator[str]:
        for name in class_.methods:
            if async_name(name) in class_.methods:
                yield from self._compare(class_, name, class_, async_name(name))
            elif CALL.match(name) and f"{class_.node.name}.{name}" not in SYNC_ONLY:
                yield f"{class_.path}: {class_.node.name}.{name} has no async form {async_name(name)}"
        for name, definitions in class_.methods.items():
            is_async = any(isinstance(definition, ast.AsyncFunctionDef) for definition in definitions)
            if is_async and not any(async_name(sync) == name for sync in class_.methods):
                yield f"{class_.path}: {class_.node.name}.{name} has no sync form"

    def _between(self, class_: _Class, other: _Class) -> Iterator[str]:
        left_over = set(other.methods)
        for name in class_.methods:
            twin = next((twin for twin in (async_name(name), name) if twin in other.methods), None)
            if twin:
                left_over.discard(twin)
                if twin == name and f"{class_.node.name}.{name}" not in SAME_NAME and _is_awaited(other.methods[twin]):
                    finding = f"{other.node.name}.{name} must be awaited: call it {async_name(name)}"
                    yield f"{other.path}: {finding}, unlike its sync form"
                yield from self._compare(class_, name, other, twin)
            else:
                yield f"{class_.path}: {class_.node.name}.{name} has no async form in {other.node.name}"
        for name in sorted(left_over):
            yield f"{other.path}: {other.node.name}.{name} has no sync form in {class_.node.name}"

    def _compare(self, class_: _Class, name: str, other: _Class, twin: str) -> Iterator[str]:
        signature_only = f"{class_.node.name}.{name}" in BODIES_DIFFER
        sync_lines = self._lines(class_.methods[name], signature_only=signature_only)
        async_lines = self._lines(other.methods[twin], signature_only=signature_only)
        if sync_lines != async_lines:
            where = (_place(class_, name), _place(other, twin))
            yield "\n".join(difflib.unified_diff(sync_lines, async_lines, where[0], where[1], n=1, lineterm=""))

    def _lines(self, definitions: list[Function], *, signature_only: bool) -> list[str]:
        lines: list[str] = []
        for definition in definitions:
            sync = _ToSync(self.words).visit(copy.deepcopy(definition))
            if signature_only:
                sync.body = [ast.Pass()]
            lines.extend(ast.unparse(sync).splitlines())
        return lines


def _is_awaited(definitions: list[Function]) -> bool:
    """Return whether a method is a coroutine function, not an async generator."""
    return any(
        isinstance(definition, ast.AsyncFunctionDef)
        and not any(isinstance(node, ast.Yield) for node in ast.walk(definition))
        for definition in definitions
    )


def _place(class_: _Class, method: str) -> str:
    return f"{class_.path}:{class_.methods[method][0].lineno} {class_.node.name}.{method}"


def _read_exports(module: ast.Module) -> list[str]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return list(ast.literal_eval(value))
            case _:
                pass
    return []
