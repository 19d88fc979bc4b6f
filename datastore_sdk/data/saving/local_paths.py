"""Local paths, as opposed to URLs and to path objects for files on other machines."""

from __future__ import annotations

import os
import re
from contextlib import suppress

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(:|/)")
"""A scheme has two letters or more, unlike a Windows drive. One slash is enough: pathlib makes one of two."""
_LOCAL_SCHEMES = {"file", "local"}


def validate_local_path(path: str | os.PathLike[str]) -> str:
    """Return the text of a local path.

    Raises:
        TypeError: The value is not a path.
        ValueError: The value is a URL, or a path object for a file on another machine.
    """
    if not isinstance(path, str) and (url := _find_url(path)):
        raise _build_not_local_error(url)
    if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"path must be a str or a pathlib.Path, not {type(path).__name__}: {path!r}")
    text: object = os.fspath(path)
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a PathLike of bytes
        raise TypeError(f"path must be a str or a pathlib.Path, not {type(path).__name__}: {path!r}")
    if _URL.match(text):
        raise _build_not_local_error(text)
    return text


def _find_url(path: object) -> str | None:
    """Return the URL of a path object for a file on another machine.

    It is found without `os.fspath`: for that cloudpathlib downloads a copy, and s3path returns a local path.
    """
    protocol = getattr(path, "protocol", None)  # of universal_pathlib
    if isinstance(protocol, str) and protocol:
        return None if protocol in _LOCAL_SCHEMES else str(path)
    texts = [str(path)]
    if callable(as_uri := getattr(path, "as_uri", None)):
        with suppress(TypeError, ValueError):  # a relative path has no URL
            texts.append(str(as_uri()))
    schemes = ((text, _URL.match(text)) for text in texts)
    return next((text for text, found in schemes if found and found["scheme"].lower() not in _LOCAL_SCHEMES), None)


def _build_not_local_error(text: str) -> ValueError:
    url = _URL.match(text)
    scheme = url["scheme"].lower() if url else ""
    if scheme == "file":
        advice = "pass its path without the scheme"
    elif scheme == "dbfs":
        advice = f"pass the path of the mount, such as '/dbfs/{text.partition(':')[2].lstrip('/')}'"
    else:
        advice = "save to a local file, then copy it there (with fsspec: filesystem.put(local_path, url))"
    return ValueError(
        f"{text!r} is not a local path, and files are saved to local paths only: {advice}; "
        "write a folder with a colon in its name as './name:/file.csv'"
    )
