"""Paths of local files, told from URLs and from objects that stand for files elsewhere."""

from __future__ import annotations

import os
import re

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(:|/)")
"""A scheme of two letters or more, so that drives of Windows are none; pathlib makes one slash of two."""
_LOCAL_SCHEMES = {"", "file", "local"}


def local_path(path: str | os.PathLike[str]) -> str:
    """Return the text of a path of this machine.

    Raises:
        TypeError: The value is not a path.
        ValueError: The value is a URL, or an object that stands for a file elsewhere.
    """
    if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"path must be a str or a pathlib.Path, not {type(path).__name__}: {path!r}")
    if not isinstance(path, str):
        # cloudpathlib makes a local copy when it is asked for the path of the file, so look before.
        protocol = getattr(path, "protocol", None)
        if getattr(path, "cloud_prefix", None) or (isinstance(protocol, str) and protocol not in _LOCAL_SCHEMES):
            raise _not_local(str(path))
        if not protocol and _URL.match(str(path)):
            raise _not_local(str(path))
    text: object = os.fspath(path)
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a PathLike of bytes
        raise TypeError(f"path must be a str or a pathlib.Path, not {type(path).__name__}: {path!r}")
    if _URL.match(text):
        raise _not_local(text)
    return text


def _not_local(text: str) -> ValueError:
    url = _URL.match(text)
    scheme = url["scheme"].lower() if url else ""
    if scheme == "file":
        way = "pass its path without the scheme"
    elif scheme == "dbfs":
        way = f"pass the path of the mount, such as '/dbfs/{text.partition(':')[2].lstrip('/')}'"
    else:
        way = "save to a local file, then copy it there (with fsspec: filesystem.put(local_path, url))"
    return ValueError(
        f"{text!r} is not a local path, and files are saved to local paths only: {way}; "
        "a folder with a colon in its name is written './name:/file.csv'"
    )
