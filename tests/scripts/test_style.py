"""The check of names and prose finds each kind of finding, at its line, and nothing in plain text."""

from __future__ import annotations

import pytest
from _style import check_markdown, check_python

MODULE = '''"""Parse records."""
{}
'''


@pytest.mark.parametrize(
    ("code", "rule", "found"),
    [
        ("told = 1", "identifier", "told"),
        ("class RoomsTold: pass", "identifier", "RoomsTold"),
        ("def parse(answer): pass", "identifier", "answer"),
        ("self.least_bytes = 1", "identifier", "least_bytes"),
        ("import json as whatever", "identifier", "whatever"),
        ("def kept_records(): pass", "function name", "kept_records"),
        ("def validated(): pass", "function name", "validated"),
        ('def parse():\n    """The records."""', "docstring", "The ..."),
        ('def parse():\n    """Parses records."""', "docstring", "Parses ..."),
        (f"def test_{'x' * 60}(): pass", "test name", f"test_{'x' * 60}"),
        ("x = 1  # what is left is handed over", "phrase", "handed over"),
        ('raise ValueError(f"{x} is no number at all")', "phrase", "is no"),
        ('"""The first line.\n\nThe download goes on."""', "phrase", "goes on"),
    ],
)
def test_python_private_language_is_found(code: str, rule: str, found: str) -> None:
    findings = [*check_python("module.py", MODULE.format(code))]
    assert (rule, found) in {(each.rule, each.found) for each in findings}


@pytest.mark.parametrize(
    "code",
    [
        "def is_closed(): pass",
        "def feed(): pass",
        "@property\ndef shown(self): pass",
        "@pytest.fixture\ndef told_apart(): pass".replace("told_apart", "started_server"),
        'def parse():\n    """Return the records of a response."""',
        "x = 1  # there is no lock, and the value is no longer needed at the moment",
        "x = {'asked': 1, 'answer': 2}",
        "almost = 1",
    ],
)
def test_python_plain_code_has_no_findings(code: str) -> None:
    assert not [*check_python("module.py", MODULE.format(code))]


def test_python_finding_has_its_line() -> None:
    (finding,) = check_python("module.py", '"""Parse.\n\nThe file\ngoes on.\n"""\n')
    assert str(finding).startswith("module.py:4: phrase: 'goes on': ")


def test_markdown_code_is_left_alone() -> None:
    document = "Use `told`.\n```python\ntold = 'it goes on'  # it is told\n```\nIt is told.\n"
    assert [(each.line, each.found) for each in check_markdown("page.md", document)] == [(3, "told"), (5, "told")]
