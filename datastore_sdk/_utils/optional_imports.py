"""Packages that only some features need. They come with an extra and are imported when such a feature is used."""

from __future__ import annotations

from importlib import import_module


def require_extra(*modules: str, extra: str) -> None:
    """Makes sure that the packages of an extra are there.

    Raises:
        ImportError: One is not; the message says how to install it.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ImportError(
                f'this needs {module}, which comes with an extra: pip install "restream-datastore-sdk[{extra}]"',
                name=module,
            ) from error
