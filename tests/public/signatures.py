"""Snapshot of the public names and signatures, read from the sources.

After an intended change, `python tests/public/signatures.py` writes `signatures.txt` again.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import datastore_sdk
from datastore_sdk import distributed, dlt, drift, exceptions, filters, sandbox, testing
from datastore_sdk.sandbox import faults

SNAPSHOT = Path(__file__).with_name("signatures.txt")
PACKAGES = ("datastore_sdk", "restream_api")
WIDTH = 120

Method = ast.FunctionDef | ast.AsyncFunctionDef


def public_classes() -> list[type]:
    """Return the classes that users import, and their bases in the package."""
    modules: list[ModuleType] = [datastore_sdk, sandbox, faults, testing, drift]
    named = [getattr(module, name) for module in modules for name in module.__all__]
    classes = [each for each in named if isinstance(each, type)]
    classes += [each for module in (exceptions, filters) for each in _iter_defined_classes(module)]
    bases = (base for each in classes for base in each.__mro__ if base.__module__.startswith(PACKAGES))
    return sorted(dict.fromkeys(bases), key=get_display_name)


def get_display_name(kind: type) -> str:
    """Return the name under which users import a class."""
    exported = getattr(datastore_sdk, kind.__name__, None) is kind
    return f"{'datastore_sdk' if exported else kind.__module__}.{kind.__name__}"


def _iter_defined_classes(module: ModuleType) -> Iterator[type]:
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_"):
            yield value


def source_of(kind: type) -> ast.ClassDef:
    """Return the source of a class."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(kind) or kind))
    (found,) = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == kind.__name__)
    return found


def attributes(source: ast.ClassDef) -> Iterator[tuple[str, str, bool]]:
    """Yield the public attributes: name, source, and whether a docstring documents it."""
    body, text = list(_flat(source.body)), ast.get_docstring(source) or ""
    for statement, following in zip(body, [*body[1:], None], strict=True):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                if not name.startswith("_") and name != "model_config":
                    yield name, ast.unparse(statement), _is_text(following) or f"\n    {name}: " in text
            case _:
                pass


def methods(source: ast.ClassDef) -> Iterator[Method]:
    """Yield the public methods with their overloads, and the special methods that users call."""
    for statement in _flat(source.body):
        if isinstance(statement, Method) and (not statement.name.startswith("_") or _is_special(statement.name)):
            yield statement


def _is_special(name: str) -> bool:
    return name in {"__init__", "__iter__", "__aiter__", "__getitem__", "__contains__", "__len__", "__enter__"}


def _flat(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield from _flat(statement.body) if isinstance(statement, ast.If) else [statement]


def _is_text(statement: ast.stmt | None) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def describe_public_names() -> str:
    """Return all public names and signatures as one text.

    Async methods are only named: `scripts/twins` holds them against their sync forms. Of an overload there is what sets
    it apart.
    """
    lists = (
        f"{module.__name__}: {', '.join(sorted(module.__all__))}"
        for module in (datastore_sdk, distributed, dlt, sandbox)
    )
    return "\n".join([*lists, *(_describe_class(kind) for kind in public_classes())])


def _describe_class(kind: type) -> str:
    source = source_of(kind)
    bases = ", ".join(map(ast.unparse, [*source.bases, *source.keywords]))
    lines = [f"\n{get_display_name(kind)}({bases})"]
    lines += [f"    {text}" for _, text, _ in attributes(source)]
    names = {method.name for method in methods(source)}
    overloads: list[Method] = []
    for method in methods(source):
        decorators = list(map(ast.unparse, method.decorator_list))
        if isinstance(method, ast.AsyncFunctionDef) and method.name.removeprefix("a") in names:
            continue
        if "overload" in decorators:
            overloads.append(method)
            continue
        lines += [f"    @{decorator}" for decorator in decorators]
        lines += _header(method)
        lines += [f"        {_difference(overload, method)}" for overload in overloads]
        lines += [f"        and a{method.name}"] if f"a{method.name}" in names else []
        overloads.clear()
    return "\n".join(lines)


def _header(method: Method) -> list[str]:
    begin = "    async def" if isinstance(method, ast.AsyncFunctionDef) else "    def"
    parameters = list(_parameters(method.args))
    line = f"{begin} {method.name}({', '.join(parameters)}){_format_return(method)}"
    if len(line) <= WIDTH:
        return [line]
    return [
        f"{begin} {method.name}(",
        *(f"        {each}," for each in parameters),
        f"    ){_format_return(method)}",
    ]


def _format_return(method: Method) -> str:
    return f" -> {ast.unparse(method.returns)}" if method.returns else ""


def _difference(overload: Method, method: Method) -> str:
    usual = set(_parameters(method.args))
    return f"({', '.join(each for each in _parameters(overload.args) if each not in usual)}){_format_return(overload)}"


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    for index, (argument, default) in enumerate(zip(positional, defaults, strict=True), 1):
        yield _parameter(argument, default)
        if index == len(arguments.posonlyargs):
            yield "/"
    if arguments.vararg or arguments.kwonlyargs:
        yield f"*{ast.unparse(arguments.vararg) if arguments.vararg else ''}"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, default)
    if arguments.kwarg:
        yield f"**{ast.unparse(arguments.kwarg)}"


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")


if __name__ == "__main__":
    SNAPSHOT.write_text(describe_public_names() + "\n", encoding="utf-8")
