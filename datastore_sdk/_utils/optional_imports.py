"""Packages of extras, imported when a feature needs them."""

from __future__ import annotations

from importlib import import_module


def require_extra(*modules: str, extra: str) -> None:
    """Import the packages of an extra.

    Raises:
        ImportError: A package is missing; the message says how to install it.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ImportError(
                f'this feature needs {module}; run: pip install "restream-datastore-sdk[{extra}]"',
                name=module,
            ) from error
