"""The proxy that the environment names."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

_SYSTEM_NAMES_PROXIES = sys.platform in ("darwin", "win32")


def environment_proxy(base_url: str) -> tuple[str, str] | None:
    """URL of the proxy on the way to a host, and what says so; None where there is none."""
    if not (_SYSTEM_NAMES_PROXIES or any(name.lower().endswith("_proxy") for name in os.environ)):
        return None  # most often; what follows takes long to import
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base_url)
    proxies = getproxies()
    kind = next((kind for kind in (parts.scheme, "all") if proxies.get(kind)), None)
    if kind is None or proxy_bypass(parts.netloc):
        return None
    url, name = proxies[kind], f"{kind}_proxy"
    variable = next((each for each in (name, name.upper()) if os.environ.get(each) == url), None)
    source = f"environment variable {variable}" if variable else "system settings"
    return url if "://" in url else f"http://{url}", source
