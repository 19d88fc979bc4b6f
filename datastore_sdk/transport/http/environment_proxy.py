"""Proxies and CA certificates from the environment."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from urllib.parse import urlsplit

AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables that name CA certificates. The first that is set is used. The library requests reads the last two."""
_SYSTEM_NAMES_PROXIES = sys.platform in ("darwin", "win32")


def find_environment_proxy(base_url: str) -> tuple[str, str] | None:
    """Return the URL of the proxy for a host, and the variable or setting that has it; None if no proxy is set."""
    if not (_SYSTEM_NAMES_PROXIES or any(name.lower().endswith("_proxy") for name in os.environ)):
        return None  # the usual case; the rest is slow to import
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base_url)
    proxies = getproxies()
    kind = next((kind for kind in (parts.scheme, "all") if proxies.get(kind)), None)
    if kind is None or proxy_bypass(parts.netloc) or _is_exempt(parts.hostname or "", proxies.get("no", "")):
        return None
    url, name = proxies[kind], f"{kind}_proxy"
    variable = next((each for each in (name, name.upper()) if os.environ.get(each) == url), None)
    source = f"environment variable {variable}" if variable else "system settings"
    return url if "://" in url else f"http://{url}", source


def _is_exempt(host: str, no_proxy: str) -> bool:
    """Return whether NO_PROXY has an address or its network (10.0.0.0/8, ::1), which urllib does not support."""
    from ipaddress import ip_address, ip_network  # slow to import

    try:
        address = ip_address(host)
    except ValueError:
        return False
    for entry in no_proxy.split(","):
        with suppress(ValueError):
            if address in ip_network(entry.strip().strip("[]"), strict=False):
                return True
    return False
