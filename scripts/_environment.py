"""The virtual environments of the scripts, and how a script moves into the project's own.

A script says what it needs before it imports anything that is not in the standard library:

    from _environment import reexec
    reexec("test", "sandbox")

The first run makes `.venv` beside `pyproject.toml` and installs the project in there, editable, with the named
dependency groups and extras in the versions of `constraints.txt`. Later runs see that nothing has changed and start at
once. An environment only grows, so that scripts do not undo each other's work; delete it to start again.

Only the standard library is used here, and syntax that an older Python can read: it has to say that it is too old.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
WINDOWS = os.name == "nt"
_SITE_PACKAGES = ("lib/python*/site-packages", "Lib/site-packages")
SUPPORTED = tuple((3, minor) for minor in range(11, 15))


def reexec(*names: str, folder: str = ".venv") -> None:
    """Run the calling script in an environment of the project, with these dependency groups and extras installed.

    Returns if it does already; otherwise the same command line starts again with the environment's interpreter.
    """
    require_python()
    python = project_environment(ROOT, folder).ensure(*names)
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        _become(python)


def require_python() -> None:
    """Restart the calling script with a supported Python if this one is too old. For scripts without dependencies."""
    if sys.version_info < SUPPORTED[0]:
        _become(_find_supported_python())


def project_environment(root: Path, folder: str = ".venv") -> Environment:
    """Return an environment of the project in `root`. Its names are dependency groups and extras."""
    pyproject, constraints = root / "pyproject.toml", root / "constraints.txt"

    def arguments(names: Iterable[str]) -> list[str]:
        extras, requirements = _resolve_names(pyproject, names)
        project = f"{root}[{','.join(extras)}]" if extras else str(root)
        return ["--constraint", str(constraints), "--editable", project, *requirements]

    return Environment(root / folder, inputs=(pyproject, constraints), arguments=arguments)


def lowest_environment(root: Path) -> Environment:
    """Return the environment with the lowest versions that `pyproject.toml` in `root` allows."""
    pyproject = root / "pyproject.toml"
    folder = root / ".venv-lowest"
    constraints = folder.with_suffix(".txt")

    def arguments(names: Iterable[str]) -> list[str]:
        constraints.write_text("\n".join(_lowest_versions(pyproject)), encoding="utf-8")
        return ["--constraint", str(constraints), "--editable", str(root), *_resolve_names(pyproject, names)[1]]

    return Environment(folder, inputs=(pyproject,), arguments=arguments)


@dataclass(frozen=True)
class Environment:
    """A virtual environment that is created, completed and repaired on first use.

    Attributes:
        folder: Its path. An environment that is incomplete, was moved, or was created by other tools is replaced.
        inputs: Files that list the requirements; when one of them changes, pip runs again.
        arguments: Returns the arguments of `pip install` for the names. By default the names are requirements.
    """

    folder: Path
    inputs: tuple[Path, ...] = ()
    arguments: Callable[[Iterable[str]], Sequence[str]] = sorted

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if WINDOWS else "bin/python")

    def ensure(self, *names: str) -> Path:
        """Install all of `names`, in addition to the packages installed before.

        Returns:
            The interpreter.
        """
        if not self._has(names):
            print(f"Preparing {self.folder.name} ...", file=sys.stderr, flush=True)
            with self._lock():
                if not self._has(names):  # another script may have done it meanwhile
                    self._install(names)
        return self.python

    def _has(self, names: Iterable[str]) -> bool:
        stamp = self._read_stamp()
        return self._is_whole() and stamp["inputs"] == self._digests() and set(stamp["names"]).issuperset(names)

    def _install(self, names: Iterable[str]) -> None:
        wanted = set(names)
        if self._is_whole():
            wanted.update(self._read_stamp()["names"])
        else:
            self._make()
        arguments = self.arguments(wanted)
        # Without its stamp an installation that breaks off is known for what it is.
        self._stamp.unlink(missing_ok=True)
        environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        _run([str(self.python), "-m", "pip", "install", *arguments], "pip could not install", environment)
        stamp = {"folder": str(self.folder), "inputs": self._digests(), "names": sorted(wanted)}
        self._stamp.write_text(json.dumps(stamp), encoding="utf-8")

    def _make(self) -> None:
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(self.folder)
        # Not sys.executable: that may lie in the environment which is being replaced.
        python = getattr(sys, "_base_executable", sys.executable)
        _run(
            [python, "-m", "venv", str(self.folder)],
            f"{python} could not make a virtual environment; on Debian and Ubuntu that takes the package python3-venv",
        )

    @property
    def _stamp(self) -> Path:
        return self.folder / "installed.json"

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp: dict[str, Any] = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"folder": None, "inputs": None, "names": []}
        return stamp

    def _is_whole(self) -> bool:
        return (
            self._read_stamp()["folder"] == str(self.folder)
            and self.python.exists()
            and any(pip for place in _SITE_PACKAGES for pip in self.folder.glob(f"{place}/pip"))
        )

    def _digests(self) -> list[str]:
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.inputs]

    @contextlib.contextmanager
    def _lock(self) -> Generator[None]:
        with self.folder.with_name(f"{self.folder.name}.lock").open("w") as file:
            _lock(file.fileno())  # the system releases it however this process ends
            yield


def _resolve_names(pyproject: Path, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the extras among these names, and the requirements of the dependency groups."""
    import tomllib  # not at the top: an older Python has to get as far as saying that it is too old

    metadata = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    groups: dict[str, list[str | dict[str, str]]] = metadata["dependency-groups"]
    extras: dict[str, list[str]] = metadata["project"]["optional-dependencies"]

    def expand(group: str) -> Iterator[str]:
        for item in groups[group]:
            if isinstance(item, str):
                yield item
            else:
                yield from expand(item["include-group"])

    wanted = sorted(names)
    for name in wanted:
        if name not in groups and name not in extras:
            sys.exit(f"{pyproject} has no extra or dependency group {name!r} (if it once had, delete the environment)")
    requirements = dict.fromkeys(item for name in wanted if name in groups for item in expand(name))
    return [name for name in wanted if name in extras], list(requirements)


def _lowest_versions(pyproject: Path) -> list[str]:
    """Return a constraint for each dependency and extra: the lowest minor version, with its latest patch."""
    import tomllib

    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    lowest = (re.match(r"([\w.-]+)(?:\[.*\])?>=([\d.]+)", requirement) for requirement in requirements)
    return sorted({f"{match[1]}=={match[2]}.*" for match in lowest if match})


def _find_supported_python() -> str:
    for major, minor in SUPPORTED:
        python = shutil.which(f"python{major}.{minor}")
        # The shim of a version manager exists even if that Python is not installed.
        if python and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    running, oldest = (".".join(map(str, version[:2])) for version in (sys.version_info, SUPPORTED[0]))
    raise SystemExit(f"This is Python {running}; the project needs {oldest} or newer, which is not on the PATH")


def _run(command: Sequence[str], failure: str, environment: dict[str, str] | None = None) -> None:
    """Run a command, and show its output only if it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{failure}")


def _lock(descriptor: int) -> None:
    """Wait for the exclusive lock of a file. The library filelock is not installed yet when this runs."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            with contextlib.suppress(OSError):  # gives up after ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _become(python: str | Path) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    command = [str(python), *getattr(sys, "orig_argv", ["", *sys.argv])[1:]]
    if WINDOWS:  # where execv starts another process and ends this one, so that its exit status is lost
        sys.exit(subprocess.call(command))
    os.execv(python, command)
