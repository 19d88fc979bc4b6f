"""The comparison of sync and async forms, on small packages made up here."""

from pathlib import Path
from textwrap import dedent

import pytest
from _async_docstrings import to_async
from _twins import Package, async_name


def package(folder: Path, source: str) -> Package:
    (folder / "_exports.py").write_text(
        'from package.module import Data, DataAsync, Pad\n\n__all__ = ["Data", "DataAsync", "Pad"]\n'
    )
    (folder / "module.py").write_text(dedent(source))
    return Package(folder)


def findings(folder: Path, source: str) -> list[str]:
    return list(package(folder, source).findings())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_x", "aget_x"),
        ("save", "asave"),
        ("_fetch", "_afetch"),
        ("__iter__", "__aiter__"),
        ("__enter__", "__aenter__"),
    ],
)
def test_twins_async_names(name: str, expected: str) -> None:
    assert async_name(name) == expected


def test_twins_equal_forms_have_no_findings(tmp_path: Path) -> None:
    source = '''
        from contextlib import aclosing, closing

        class Base:
            @classmethod
            @overload
            def get_models(cls, *, as_dict: Literal[True]) -> list[dict]: ...
            @classmethod
            @overload
            def get_models(cls, *, as_dict: Literal[False] = False) -> list[Self]: ...
            @classmethod
            def get_models(cls, *, as_dict: bool = False) -> list[Self] | list[dict]:
                """Long docstring."""
                with closing(cls.client()) as client:
                    return [model for model in client.run(list_models(as_dict))]

            @classmethod
            @overload
            async def aget_models(cls, *, as_dict: Literal[True]) -> list[dict]: ...
            @classmethod
            @overload
            async def aget_models(cls, *, as_dict: Literal[False] = False) -> list[Self]: ...
            @classmethod
            async def aget_models(cls, *, as_dict: bool = False) -> list[Self] | list[dict]:
                """Long docstring."""
                async with aclosing(cls.client()) as client:
                    return [model async for model in await client.arun(list_models(as_dict))]

        class Pad(Base):
            def get_data(self, *, fields: list[str]) -> Data:
                return Data(self.client(Driver), fields)

            async def aget_data(self, *, fields: list[str]) -> DataAsync:
                return DataAsync(self.client(AsyncDriver), fields)

            def get(self, key: str) -> object:
                return self.values[key]

        class Data:
            @property
            def data_fetcher(self) -> Generator[Record, None, None]:
                yield from self.client.iterate(self.steps)

            def __iter__(self) -> Iterator[Record]:
                yield from self.data_fetcher

            def save(self, path: str, *, overwrite: bool = False) -> None:
                self.client.run(self.steps)

        class DataAsync:
            @property
            def data_fetcher(self) -> AsyncGenerator[Record, None]:
                yield from self.client.aiterate(self.steps)

            async def __aiter__(self) -> AsyncIterator[Record]:
                async for record in self.data_fetcher:
                    yield record

            async def asave(self, path: str, *, overwrite: bool = False) -> None:
                await self.client.arun(self.steps)

        class Driver:
            def run(self): ...
            async def arun(self): ...
            def iterate(self): ...
            def aiterate(self): ...

        class AsyncDriver: ...
    '''
    assert findings(tmp_path, source) == []


@pytest.mark.parametrize(
    ("sync", "async_"),
    [
        ("def get_x(self, a: int) -> X: return f(a)", "async def aget_x(self, a: int) -> X: return f(a, True)"),
        ("def get_x(self, a: int) -> X: return f(a)", "async def aget_x(self, a: str) -> X: return f(a)"),
        ("def get_x(self, a: int = 1) -> X: return f(a)", "async def aget_x(self, a: int) -> X: return f(a)"),
        ("def get_x(self, a: int) -> X: return f(a)", "async def aget_x(self, *, a: int) -> X: return f(a)"),
        ("def get_x(self, a: int) -> X: return f(a)", "async def aget_x(self, a: int) -> X | None: return f(a)"),
        ("def get_x(self) -> X: return f()", "@classmethod\n    async def aget_x(self) -> X: return f()"),
        (
            "def get_x(self) -> X: return f()",
            "@overload\n    async def aget_x(self): ...\n    async def aget_x(self) -> X: return f()",
        ),
    ],
    ids=["body", "annotation", "default", "keyword-only", "return", "decorator", "overload"],
)
def test_twins_difference_is_reported(tmp_path: Path, sync: str, async_: str) -> None:
    (finding,) = findings(tmp_path, f"class Pad:\n    {sync}\n    {async_}\n")
    assert f"{tmp_path / 'module.py'}:2 Pad.get_x" in finding
    assert "Pad.aget_x" in finding
    assert "\n+" in finding


@pytest.mark.parametrize("name", ["get_x", "create_x", "update", "delete_x", "confirm_data_received", "save"])
def test_twins_missing_async_form_is_reported(tmp_path: Path, name: str) -> None:
    (finding,) = findings(tmp_path, f"class Pad:\n    def {name}(self): ...\n")
    assert finding.endswith(f"Pad.{name} has no async form a{name}")


def test_twins_missing_sync_form_is_reported(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "class Pad:\n    async def aget_x(self): ...\n")
    assert finding.endswith("Pad.aget_x has no sync form")


def test_twins_include_bases_of_public_classes(tmp_path: Path) -> None:
    source = """
        class Located(Generic[T]):
            def get_x(self): ...

        class Pad(Located[int]): ...

        class Other:
            def get_y(self): ...
    """
    (finding,) = findings(tmp_path, source)
    assert "Located.get_x" in finding


def test_twins_data_classes_have_equal_members(tmp_path: Path) -> None:
    source = """
        class Data:
            def save(self): ...
            def head(self): ...

        class DataAsync:
            async def asave(self): ...
            async def atail(self): ...
    """
    assert [finding.partition(": ")[2] for finding in findings(tmp_path, source)] == [
        "Data.head has no async form in DataAsync",
        "DataAsync.atail has no sync form in Data",
    ]


UNDOCUMENTED = '''
    class Pad:
        def get_x(self, size: int) -> Data:
            """Return x of the pad, which `update()` loads and `Data.save(path)` saves; see `get_x` and `size`, ok.

            Args:
                size: The number of x, as `get_x(size)` counts them. It may be large, but it must not be nega-tive.
                    More about it.

            Raises:
                ValueError: The size is negative.
            """
            return Data(size)

        async def aget_x(self, size: int) -> DataAsync:
            """Async form of `get_x`."""
            return DataAsync(size)

        def update(self) -> None:
            """Load x."""

        async def aupdate(self) -> None:
            pass

    class Data:
        def save(self, path: str) -> None:
            """Save x."""
            self.done(path)

    class DataAsync:
        async def asave(self, path: str) -> None:
            self.done(path)
'''


def test_async_docstring_missing_is_reported(tmp_path: Path) -> None:
    assert [finding.partition(" ")[2] for finding in findings(tmp_path, UNDOCUMENTED)] == [
        "DataAsync.asave lacks the docstring of Data.save: run scripts/twins --fix",
        "Pad.aget_x lacks the docstring of Pad.get_x: run scripts/twins --fix",
        "Pad.aupdate lacks the docstring of Pad.update: run scripts/twins --fix",
    ]


def test_async_docstring_is_written_by_fix(tmp_path: Path) -> None:
    package(tmp_path, UNDOCUMENTED).fix_docstrings()
    assert findings(tmp_path, (tmp_path / "module.py").read_text()) == []
    written = dedent((tmp_path / "module.py").read_text()).partition("async def aget_x")[2].partition("return")[0]
    assert (
        written
        == '''(self, size: int) -> DataAsync:
        """Return x of the pad, which `aupdate()` loads and `DataAsync.asave(path)` saves; see `aget_x` and `size`, ok.

        Args:
            size: The number of x, as `aget_x(size)` counts them. It may be large, but it must not be nega-tive.
                More about it.

        Raises:
            ValueError: The size is negative.
        """
        '''
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["x " * 57 + "`get` ends"], ["x " * 57 + "`aget`", "ends"]),
        (["x " * 57 + "`get` ends", "here."], ["x " * 57 + "`aget`", "ends here."]),
        (["x " * 57 + "`get` ends", "", "here."], ["x " * 57 + "`aget`", "ends", "", "here."]),
        (["  a: " + "x" * 105 + " `get` ends", "  b: c"], ["  a: " + "x" * 105 + " `aget`", "      ends", "  b: c"]),
        (["x " * 57 + "`get` ends", '"""'], ["x " * 57 + "`aget`", "ends", '"""']),
    ],
)
def test_long_docstring_lines_are_wrapped(lines: list[str], expected: list[str]) -> None:
    assert list(to_async(lines, {"get": "aget"})) == expected


def test_only_references_in_backticks_are_renamed() -> None:
    line = "get and `get` and `x.get(get=1)` and `<x>.get.json` and `get=True` and `Data`"
    renamed = "get and `aget` and `x.aget(get=1)` and `<x>.get.json` and `get=True` and `DataAsync`"
    assert to_async([line], {"get": "aget", "Data": "DataAsync"}) == (renamed,)


@pytest.mark.parametrize("awaitable", ["head", "save"])
def test_twins_same_name_is_for_head_and_generators(tmp_path: Path, awaitable: str) -> None:
    source = f"""
        class Data:
            def {awaitable}(self, n: int) -> Record: return next(self.batches(n))
            def batches(self, n: int) -> Generator[Record, None, None]: return self._batches(n)
            def _batches(self, n: int) -> Generator[Record, None, None]:
                yield n

        class DataAsync:
            async def {awaitable}(self, n: int) -> Record: return await anext(self.batches(n))
            def batches(self, n: int) -> AsyncGenerator[Record, None]: return self._batches(n)
            async def _batches(self, n: int) -> AsyncGenerator[Record, None]:
                yield n
    """
    expected = [] if awaitable == "head" else ["DataAsync.save must be awaited: call it asave, unlike its sync form"]
    assert [finding.partition(": ")[2] for finding in findings(tmp_path, source)] == expected


def test_twins_same_name_must_be_equal_too(tmp_path: Path) -> None:
    source = """
        class Data:
            def head(self, n: int) -> Record: return self.first(n)

        class DataAsync:
            async def head(self, n: int) -> Record: return await self.last(n)
    """
    (finding,) = findings(tmp_path, source)
    assert "DataAsync.head" in finding
