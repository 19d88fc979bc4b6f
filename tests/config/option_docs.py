"""Documentation of the options of `Client`, generated from their declarations.

After a change of an option, run `python tests/config/option_docs.py` from the project's root. It rewrites the arguments
in the docstring of `Client` and the table in `docs/clients.md`.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import fill
from typing import Any

from datastore_sdk.config.environment import ALL_OPTIONS
from datastore_sdk.config.options import Option

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "datastore_sdk" / "client" / "client.py"
TABLE = ROOT / "docs" / "clients.md"
WIDTH = 120
INDENT = " " * 8
ARGUMENTS = re.compile(r"(?<=    Args:\n)        auth_token: .*?(?=        clock: )", re.DOTALL)
ROWS = re.compile(r"(?<=<!-- options: generated -->\n).*?(?=<!-- end of options -->\n)", re.DOTALL)


def default_of(option: Option[Any]) -> str:
    if option.default_text or option.default is None:
        return option.default_text
    is_class = type(option.default).__module__.startswith("datastore_sdk")
    return f"`{type(option.default).__name__}()`" if is_class else f"`{option.default}`"


def variables_of(option: Option[Any]) -> tuple[str, ...]:
    return (*([option.variable] if option.variable else []), *option.other_variables)


def docstring_arguments() -> str:
    return "".join(f"{_argument(option)}\n" for option in ALL_OPTIONS if option.is_argument)


def _argument(option: Option[Any]) -> str:
    sources = ", else ".join(filter(None, [", ".join(variables_of(option)), default_of(option)]))
    text = f"{option.name}: {option.doc}" + (f" Default: {sources}." if sources else "")
    return fill(
        text,
        WIDTH,
        initial_indent=INDENT,
        subsequent_indent=f"{INDENT}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def table() -> str:
    rows = [
        "| option | environment variable | in a profile | default | what it does |",
        "|---|---|---|---|---|",
        *(_row(option) for option in ALL_OPTIONS),
    ]
    return "".join(f"{row}\n" for row in rows)


def _row(option: Option[Any]) -> str:
    name = f"`{option.name}`" if option.is_argument else ""
    variables = ", ".join(f"`{variable}`" for variable in variables_of(option))
    sentence = re.split(r"(?<=\.) (?=[A-Z])", option.doc)[0]
    return f"| {name} | {variables} | {'yes' if option.in_profile else 'no'} | {default_of(option)} | {sentence} |"


def main() -> None:
    for path, pattern, text in ((CLIENT, ARGUMENTS, docstring_arguments()), (TABLE, ROWS, table())):
        before, _, after = pattern.sub("\0", path.read_text("utf-8"), count=1).partition("\0")
        path.write_text(f"{before}{text}{after}", "utf-8")


if __name__ == "__main__":
    main()
