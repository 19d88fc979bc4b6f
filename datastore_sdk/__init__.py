"""SDK for Tally's Restream API: pads and sites, states, stages, time-series data, live data and data changes.

    from datastore_sdk import Pad

    for pad in Pad.get_models():
        print(pad.id, pad.name)

The token comes from the environment variable TALLY_AUTH_TOKEN, or from the argument `auth_token`. Every method that
waits for the service has an async form with an `a` before its name: `Pad.aget_models`. Times are datetimes with a time
zone; the service sends them in UTC.

Everything that a program names is imported from here; tests also use `datastore_sdk.testing` and
`datastore_sdk.sandbox`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from datastore_sdk._version import VERSION
from datastore_sdk.instrumentation.logs import configure_logging

if TYPE_CHECKING:
    from datastore_sdk._exports import *  # noqa: F403 - `__all__` has their names
    from datastore_sdk._exports import __all__ as __all__
else:

    def __getattr__(name: str) -> object:
        """Import the public names when the first of them is used.

        That takes 0.3 s, which the command `datastore` does not have for its help and completion.
        """
        if not name.startswith("__") or name == "__all__":
            exports = import_module("datastore_sdk._exports")
            globals().update({each: getattr(exports, each) for each in exports.__all__})
            globals()["__all__"] = [*exports.__all__, "__version__"]
        if name in globals():
            return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})


__version__ = VERSION
configure_logging()
