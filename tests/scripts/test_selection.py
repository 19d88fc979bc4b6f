"""Which tests run without `--all`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.exhaustive import Selection, examples, first, select_default, spread


def no_marker(_: str) -> None:
    """Return the marker of a test that has none."""


def make_test(name: str, *, is_exhaustive: bool = False, **parameters: str) -> Any:
    """Return a test with parameters, as far as the selection looks at it."""
    return SimpleNamespace(
        nodeid=f"{name}[{'-'.join(parameters.values())}]",
        callspec=SimpleNamespace(params=parameters),
        get_closest_marker=bool if is_exhaustive else no_marker,
    )


def test_each_test_runs_in_one_of_its_forms() -> None:
    forms = [[make_test(f"test_{n}", form=form) for form in ("sync", "async")] for n in range(100)]
    chosen = select_default([test for both in forms for test in both])
    assert [sum(test in chosen for test in both) for both in forms] == [1] * 100
    assert 30 < sum(both[0] in chosen for both in forms) < 70
    assert select_default(chosen) == chosen


def test_other_parameters_and_a_single_form_run_all() -> None:
    tests: list[Any] = [
        make_test("test_of_sync", value="1"),
        make_test("test_of_async", value="1"),
        make_test("test_single", form="async"),
        make_test("test_mode", mode="sync"),
        make_test("test_mode", mode="async"),
        SimpleNamespace(nodeid="test_plain", get_closest_marker=no_marker),
    ]
    assert select_default(tests) == tests


def test_exhaustive_tests_do_not_run() -> None:
    test = make_test("test", value="1")
    assert select_default([test, make_test("test", value="2", is_exhaustive=True)]) == [test]


@pytest.mark.parametrize(("run_all", "counts"), [(False, (3, 3, 12)), (True, (9, 9, 100))])
def test_few_cases_and_examples_run_by_default(
    run_all: bool, counts: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Selection, "run_all", run_all)
    assert (len(first(3, range(9))), len(spread(3, range(9))), examples(100)) == counts


def test_few_cases_are_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Selection, "run_all", False)
    assert [*spread(3, range(9))] == [0, 3, 6]
    assert [*spread(4, range(6))] == [0, 1, 3, 4]
    assert [*spread(9, range(3))] == [0, 1, 2]
