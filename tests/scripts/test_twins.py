"""The comparison of sync and async forms, on small packages made up here."""

from pathlib import Path
from textwrap import dedent

import pytest
from _twins import Package, async_name


def findings(folder: Path, source: str) -> list[str]:
    (folder / "__init__.py").write_text(
        'from package.module import Data, DataAsync, Pad\n\n__all__ = ["Data", "DataAsync", "Pad"]\n'
    )
    (folder / "module.py").write_text(dedent(source))
    return list(Package(folder).findings())


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
                """Async form."""
                async with aclosing(cls.client()) as client:
                    return [model async for model in await client.arun(list_models(as_dict))]

        class Pad(Base):
            def get_data(self, *, fields: list[str]) -> Data:
                return Data(self.client(Driver), fields)

            async def aget_data(self, *, fields: list[str]) -> DataAsync:
                """Only a docstring more."""
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
