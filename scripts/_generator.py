"""Generation of the client from the contract: openapi-python-client with custom templates, then ruff."""

from __future__ import annotations

import keyword
import subprocess
import sys
import textwrap
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from _contract import Contract, ContractError
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.properties.datetime import DateTimeProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.strings import safe_for_docstring
from pydantic import BaseModel

if TYPE_CHECKING:
    from openapi_python_client.parser.properties.protocol import PropertyProtocol

TEMPLATES = Path(__file__).resolve().parent / "templates"
HEADER = "# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.\n\n"
LINE_LENGTH = 120
UNUSED = ("client.py", "errors.py")
"""Files that the generator always writes; the operations of `types.py` replace them."""
RESERVED_NAMES = (
    frozenset(dir(BaseModel)) | {"get", "items", "keys", "values"} | {"bool", "dict", "float", "int", "list", "str"}
)
"""Names that attributes of models cannot have: names of `Model` and its base, and names in annotations."""


def generate_package(contract: Path) -> dict[str, str]:
    """Return the files of the generated package by path inside it.

    Raises:
        ContractError: No code can be generated from the contract.
    """
    with TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        _write(contract, package)
        for name in UNUSED:
            (package / name).unlink()
        _tidy(package)
        modules = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
        return {"py.typed": ""} | {name: HEADER + modules[name].read_text(encoding="utf-8") for name in sorted(modules)}


def _write(path: Path, package: Path) -> None:
    contract = Contract(path)
    options = ConfigFile(literal_enums=True, post_hooks=[])
    config = Config.from_sources(options, MetaType.NONE, path, "utf-8", overwrite=False, output_path=package)
    data = GeneratorData.from_dict(contract.without_headers(), config=config)
    if isinstance(data, GeneratorError):
        raise ContractError(_format_error(data))
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    known: dict[str, Any] = project.env.globals
    known["contract"] = contract
    project.env.filters |= {"annotation": annotation, "attribute": attribute, "prose": prose}
    with redirect_stdout(StringIO()):
        problems = project.build()
    if problems:
        raise ContractError("\n".join(map(_format_error, problems)))


def _tidy(package: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    style = ["--isolated", "--target-version=py311", f"--line-length={LINE_LENGTH}"]
    for command in (
        ["check", "--fix-only", "--select=F401,I"],
        ["format", "--config=format.skip-magic-trailing-comma=true"],
    ):
        subprocess.run([*ruff, *command, *style, "--no-cache", "--quiet", str(package)], check=True)


def _format_error(problem: GeneratorError) -> str:
    return ": ".join(part for part in (problem.header, problem.detail) if part)


def annotation(prop: PropertyProtocol) -> str:
    """Return the type of a present value, in the order of the contract, None last."""
    match prop:
        case UnionProperty():
            inner = [each for each in prop.inner_properties if not isinstance(each, NoneProperty)]
            types = [annotation(each) for each in inner] + ["None"] * (len(inner) < len(prop.inner_properties))
            return " | ".join(dict.fromkeys(types))
        case ListProperty():
            return f"list[{annotation(prop.inner_property)}]"
        case DateTimeProperty():
            return "datetime"
        case _:
            return prop.get_type_string(no_optional=True).as_unembedded_code()


def attribute(key: str) -> str:
    """Return the attribute of a model for a key; reserved names get a trailing underscore."""
    if key in RESERVED_NAMES or keyword.iskeyword(key):
        return f"{key}_"
    if not key.isidentifier() or key.startswith("_"):
        raise ContractError(f"property {key!r} cannot become an attribute of a model")
    return key


def prose(text: str, indent: int = 0, hanging: int = 0) -> str:
    """Return a text of the contract, wrapped and escaped for a docstring with this indentation."""
    width = LINE_LENGTH - indent - 2 * len('"""')
    shape = textwrap.TextWrapper(width, subsequent_indent=" " * hanging, break_long_words=False)
    paragraphs = (" ".join(part.split()) for part in safe_for_docstring(text).split("\n\n"))
    return textwrap.indent("\n\n".join(shape.fill(part) for part in paragraphs), " " * indent).strip()
