"""The words that the project does not use, each with its replacement, and the search for them (`scripts/style`).

This is the one list of them. A rule names a term of its own language where a standard term exists, so that a reader
who has never seen the project understands names and sentences at first reading. Words that plain English, SQL or a
file format needs are not on the list.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COVERED: Final = ("datastore_sdk", "scripts", "tests", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
EXEMPT: Final = frozenset({"scripts/_style.py", "tests/scripts/test_style.py"})
"""Files that quote the words."""
MAX_TEST_NAME: Final = 60
"""Maximum length of the name of a test function, in characters."""
MIN_WORDS_OF_PROSE: Final = 3
"""A string literal with fewer words is a value, not a message."""

# --- Identifiers ------------------------------------------------------------------------------------------------------

PRIVATE_PARTS: Final = {
    # HTTP and networking have terms for these.
    "answer": "response",
    "answers": "responses",
    "answered": "responded, or name the response",
    "answering": "responding",
    "ask": "request",
    "asks": "requests",
    "asked": "requested, or name the request",
    "asking": "requesting",
    "hung": "disconnected",
    "patience": "timeout",
    "room_taken": "room_in_use",
    "visit": "connection",
    "visits": "connections",
    # Reporting: callbacks receive, functions return, logs record.
    "hearer": "handler",
    "heard": "received",
    "told": "reported, notified or received",
    "tell": "report or notify",
    "tells": "reports",
    "telling": "reporting",
    "untold": "unreported",
    # Time.
    "moment": "timestamp or datetime",
    "moments": "timestamps",
    # Limits.
    "least": "min",
    "most": "max",
    # Objects and states.
    "begun": "started",
    "dice": "rng",
    "gone": "closed, deleted or expired",
    "hasty": "impatient, early or fast",
    "leases": "permits",
    "manners": "options",
    "nobody": "no_one is not a name either; say what is absent",
    "otherwise": "default",
    "ours": "sdk, or own",
    "somebody": "user, caller or client",
    "surroundings": "environment",
    "trouble": "error or fault",
    "troubles": "errors or faults",
    "whatever": "any",
    "whoever": "caller",
    # Helpers of tests.
    "soundness": "validity",
    "trial": "run or case",
    "world": "simulation",
}
"""Words that no identifier contains, with what to write instead."""

PRIVATE_NAMES: Final = {
    "came": "received",
    "given": "arguments, or what was passed",
    "handed_over": "delivered",
    "kept": "stored, saved or cached",
    "none_left": "what must not be left, for example assert_no_leaks",
    "plain": "what the values are, for example comparable",
    "rest": "remaining, or what remains",
    "taken": "in_use, claimed or accepted",
    "thing": "what it is",
    "things": "what they are",
    "tried": "attempted, or what was run",
    "way": "method, mode or path",
    "ways": "methods, modes or paths",
    "wire": "connection",
}
"""Words that are not an identifier on their own, with what to write instead."""

PARTICIPLES: Final = frozenset(
    [
        "begun",
        "bought",
        "brought",
        "built",
        "caught",
        "chosen",
        "done",
        "drawn",
        "driven",
        "given",
        "gone",
        "heard",
        "held",
        "kept",
        "known",
        "left",
        "made",
        "meant",
        "met",
        "said",
        "seen",
        "sent",
        "shown",
        "sold",
        "spent",
        "taken",
        "thought",
        "told",
        "understood",
        "withheld",
        "written",
    ]
)
"""Irregular participles; the regular ones end in `ed`."""
NOT_PARTICIPLES: Final = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"})
LIBRARY_NAMES: Final = re.compile(r"(?:generic_)?visit(?:_\w+)?")
"""Names that a library prescribes: the methods of `ast.NodeVisitor`."""
PROPERTY_DECORATORS: Final = frozenset({"property", "cached_property", "fixture", "setter", "composite"})
"""Decorated functions that are nouns: properties, fixtures of pytest, strategies of hypothesis."""

# --- Prose ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that prose does not use."""

    pattern: re.Pattern[str]
    instead: str


def _phrase(pattern: str, instead: str, *, ignore_case: bool = True) -> Phrase:
    return Phrase(re.compile(pattern, re.IGNORECASE if ignore_case else 0), instead)


PHRASES: Final = (
    # Negations that turn the sentence round.
    _phrase(r"(?<!there )\b(?:is|are|was|were) no\b(?! longer| more| matter)", '"is not a ...", "is invalid"'),
    _phrase(r"\b(?:is|are|was|were) none\b", '"is not one", "is invalid", "there are no ..."', ignore_case=False),
    _phrase(r"\b(?:know|knows|known) (?:nothing|no|of)\b", '"does not have", "is not aware of"'),
    # Subjects that are not named.
    _phrase(r"\bwho(?:m)?ever\b", "name the caller, user or thread"),
    _phrase(r"\bwhatever\b", '"any ...", "every ...", or name it'),
    _phrase(
        r"\A\W*What (?!if\b|about\b)\w+|\bwhat (?:is|was|are|were|comes|came|stands|belongs|becomes|became)\b(?! new)",
        "name the subject",
    ),
    _phrase(r"\b(?:is|are) (?:that|those) of\b", "repeat the noun"),
    _phrase(r"\bmakes? of\b", '"converts to", "returns for"'),
    # Requests and connections have standard terms.
    _phrase(r"\banswer(?:s|ed|ing)?\b", '"response", "respond"'),
    _phrase(r"\bask(?:s|ed|ing)\b|\bask (?:for|again|it|the service)\b", '"request", "requested"'),
    _phrase(r"\b(?:made|make|makes|making|tried) (?:again|anew)\b|\banew\b", '"retry", "repeat", "again"'),
    _phrase(r"\b(?:go|goes|going|gone|went) on\b", '"continue", "resume"'),
    _phrase(r"\b(?:hang|hangs|hung|hanging) up\b", '"close the connection", "disconnect"'),
    _phrase(r"\b(?:come|comes|came|coming) back\b", '"return", "be released", "reconnect"'),
    _phrase(r"\bgiven up\b", '"cancelled", "closed", "stopped"'),
    _phrase(r"\bpatience\b", '"timeout"'),
    # Functions return, hooks receive, messages say.
    _phrase(r"\bhand(?:s|ed|ing)?(?: \w+)? over\b", '"return", "pass", "yield"'),
    _phrase(r"\b(?:told|tells|telling)\b", '"returns", "reports", "receives", "says"'),
    _phrase(r"\btaken (?:for|apart)\b", '"treated as", "split"'),
    # Conditions and time.
    _phrase(
        r"\b(?:none|true|false|empty|fail|fails|error|nothing|zero) where\b"
        r"|\bwhere (?:there (?:is|are|was)|it (?:is|was) (?:not|no)|none|nothing|nobody|somebody|no)\b",
        '"if", "when"',
    ),
    _phrase(r"(?<!at the )(?<!for the )\bmoments?\b", '"timestamp", "datetime", "time"'),
    _phrase(r"\btimes? stands? still\b|\bstands? (?:still|beside|behind)\b", '"is frozen", "is next to"'),
    _phrase(r"\b(?:to|at) (?:its|their|an) end\b", '"finish", "completely", "at the end"'),
    # Old words.
    _phrase(r"\b(?:whence|thereof|wherein|whereof|hereby|lest|thereby|amid|amidst|midst)\b", "a current word"),
    _phrase(r"(?<!nothing )\bbut for\b", '"except for"'),
    _phrase(r"\ball the same\b", '"anyway", or drop it'),
    _phrase(r"\bgot to\b", '"reached", "had to"'),
)

NOUN_STARTS: Final = re.compile(
    r"(?:What|Which|Who|Whom|Whose|Where|Whether|How|That|Those|This|These|The|A|An|All|Every|Each|One|Its|Their|No)\b"
)
"""How the docstring of a function does not begin: it begins with a verb."""
THIRD_PERSON: Final = re.compile(r"(?!Always|Perhaps|Does\b)[A-Z][a-z]*[^siu\W]s\b(?! of\b)|Does\b")
"""Nor like this: the verb is in the imperative."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A name or phrase that the project does not use, and what to write instead."""

    path: str
    line: int
    rule: str
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.found!r}: {self.instead}"


def check_files(root: Path, covered: tuple[str, ...] = COVERED) -> Iterator[Finding]:
    """Yield the findings in files and folders below a root."""
    for path in _files(root, covered):
        name = path.relative_to(root).as_posix()
        if name in EXEMPT:
            continue
        text = path.read_text(encoding="utf-8")
        yield from sorted(check_markdown(name, text) if path.suffix == ".md" else check_python(name, text))


def _files(root: Path, covered: tuple[str, ...]) -> Iterator[Path]:
    for name in covered:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts)
            if path.is_file() and not hidden and _is_text(path):
                yield path


def _is_text(path: Path) -> bool:
    return path.suffix in {".py", ".md"} or (not path.suffix and path.read_bytes()[:2] == b"#!")


def check_markdown(name: str, text: str) -> Iterator[Finding]:
    """Yield the phrases in a document; of examples of code, those in comments."""
    in_code = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
            continue
        prose = line.partition("#")[2] if in_code else re.sub(r"`[^`]*`", "``", line)
        yield from _phrases(name, number, prose)


def check_python(name: str, text: str) -> Iterator[Finding]:
    """Yield the phrases in comments, docstrings and messages, and the identifiers."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from _phrases(name, token.start[0], token.string)
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value.split()) >= MIN_WORDS_OF_PROSE:
                yield from _phrases(name, node.lineno, re.sub(r"`[^`]*`", "``", node.value))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _function(name, node)
    yield from _identifiers(name, tree)


def _phrases(name: str, line: int, text: str) -> Iterator[Finding]:
    for phrase in PHRASES:
        for match in phrase.pattern.finditer(text):
            yield Finding(name, line + text.count("\n", 0, match.start()), "phrase", match[0], phrase.instead)


def _function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    if node.name.startswith("test_"):
        if len(node.name) > MAX_TEST_NAME:
            instead = f"at most {MAX_TEST_NAME} characters: test_<what>_<condition>_<outcome>"
            yield Finding(name, node.lineno, "test name", node.name, instead)
        return
    if PROPERTY_DECORATORS & {_decorator(each) for each in node.decorator_list}:
        return
    first = node.name.strip("_").split("_")[0]
    if first in PARTICIPLES or (first.endswith("ed") and len(first) > len("red") and first not in NOT_PARTICIPLES):
        yield Finding(
            name, node.lineno, "function name", node.name, "begin with a verb: parse_, build_, is_, validate_"
        )
    docstring = ast.get_docstring(node)
    if docstring and (start := NOUN_STARTS.match(docstring) or THIRD_PERSON.match(docstring)):
        yield Finding(
            name, node.body[0].lineno, "docstring", f"{start[0]} ...", "begin with an imperative: Return, Raise, ..."
        )


def _decorator(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _decorator(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _identifiers(name: str, tree: ast.Module) -> Iterator[Finding]:
    """Yield each private identifier where it is first defined in a file."""
    seen: set[str] = set()
    for line, identifier in sorted(_defined(tree)):
        if identifier in seen or LIBRARY_NAMES.fullmatch(identifier):
            continue
        seen.add(identifier)
        bare = identifier.strip("_").lower()
        parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]
        instead = PRIVATE_NAMES.get(bare) or next(filter(None, map(PRIVATE_PARTS.get, parts)), None)
        if instead:
            yield Finding(name, line, "identifier", identifier, instead)


def _defined(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str() as alias):
                yield node.lineno, alias
            case _:
                pass
