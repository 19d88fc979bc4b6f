"""Parsers of option values.

Each function validates one value from an argument, the environment or a profile, and converts it. Its error message
says what the value should be, and never shows a secret.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import SplitResult, quote, unquote, urlsplit

from datastore_sdk._io.connection_settings import build_closed_client_error
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._utils.suggestions import suggest
from datastore_sdk.config.user_folders import cache_folder
from datastore_sdk.exceptions import ConfigurationError
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.concurrency import MAX_CALLS_PER_ENDPOINT
from datastore_sdk.transport.executor.retry import RetryPolicy

if TYPE_CHECKING:
    import ssl

    import httpx

D = TypeVar("D", Timeouts, RetryPolicy)

DEFAULT_HOST = "https://app.restreamsolutions.com"
Headers = tuple[tuple[str, str], ...]

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PORTS = {"http": 80, "https": 443}
_SOCKS = "socks5"
_PROXY_SCHEMES = ("http", "https", _SOCKS, "socks5h")
_RESERVED_HEADERS = {
    "accept": "the SDK sets it to the formats that it can read",
    "accept-encoding": "the SDK sets it to the formats that it can read",
    "authorization": "the token is sent in it; pass the token as auth_token",
    "connection": "it depends on the connection",
    "content-length": "it depends on the body",
    "content-type": "it depends on the body",
    "host": "it depends on the connection; see base_url",
    "transfer-encoding": "it depends on the body",
    "user-agent": "pass it as user_agent",
}
"""Headers that users cannot set, with the reason."""
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def parse_base_url(value: object, _: str = "base_url") -> str:
    """Return scheme and host in normal form: lower case, without a trailing slash and the default port."""
    if not isinstance(value, str):
        raise TypeError(f"base_url must be a string, not {type(value).__name__}")
    url = value.strip().rstrip("/")
    if not url.isprintable() or " " in url or "\\" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) contains a space or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"the base URL (RESTREAM_HOST, base_url) is invalid: {error}") from None
    if "@" in url or "?" in url or "#" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) must not contain a user name or a query")
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise ConfigurationError(f"{url!r} is not a base URL; RESTREAM_HOST and base_url look like {DEFAULT_HOST}")
    address = f"[{host}]" if ":" in host else host
    if port not in (None, _PORTS[parts.scheme]):
        address += f":{port}"
    return f"{parts.scheme}://{address}{parts.path}"


def is_plain(url: str) -> bool:
    """Return whether requests to a URL are not encrypted."""
    return urlsplit(url).scheme == "http"


def is_loopback(url: str) -> bool:
    """Return whether a URL points to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    from ipaddress import ip_address  # slow to import, and rarely needed

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse_timeouts(value: object, _: str) -> Timeouts:
    """Return `Timeouts` from an instance, from a table of a profile, or from a number of seconds for each wait."""
    if isinstance(value, Timeouts):
        return value
    if isinstance(value, Mapping):
        return _build(Timeouts, cast("Mapping[str, Any]", value))
    return Timeouts.of(cast("float", value))


def parse_retries(value: object, _: str) -> RetryPolicy:
    """Return a `RetryPolicy` from an instance or from a table of a profile."""
    if isinstance(value, RetryPolicy):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"retries must be a RetryPolicy (in a profile a table), not {value!r}")
    return _build(RetryPolicy, cast("Mapping[str, Any]", value))


def _build(kind: type[D], value: Mapping[str, Any]) -> D:
    known = [field.name for field in fields(kind)]
    for name in value:
        if name not in known:
            raise ConfigurationError(f"there is no {name!r} in {kind.__name__}{suggest(name, known)}")
    return kind(**value)


def merge_max_attempts(text: str, policy: RetryPolicy) -> RetryPolicy:
    """Return a policy with the number of attempts that an environment variable sets."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ConfigurationError(f"must be a whole number from 1, not {text!r}")
    return replace(policy, max_attempts=int(text))


def parse_concurrency(value: object, name: str) -> int:
    """Return a number of concurrent calls to one endpoint."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {value!r}")
    if not 1 <= value <= MAX_CALLS_PER_ENDPOINT:
        raise ValueError(
            f"{name} must be 1 to {MAX_CALLS_PER_ENDPOINT}, not {value}: the service refuses more than "
            f"{MAX_CALLS_PER_ENDPOINT} concurrent calls to one endpoint"
        )
    return value


def parse_proxy(value: object, name: str) -> str:
    """Return the URL of a proxy in normal form, with its user name and password escaped."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a URL, not {type(value).__name__}")
    try:
        parts = urlsplit(value)
    except ValueError:  # perhaps a bracket in a password, so the URL is not shown
        raise ConfigurationError("the proxy is not a URL; it looks like http://host:port") from None
    if "@" in parts.path or parts.query or parts.fragment:
        raise ConfigurationError(
            "the proxy is not a URL: its user name or password contains a reserved character; write %23 for #, %2F for "
            "/ and %3F for ?"
        )
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    scheme = _SOCKS if parts.scheme == "socks" else parts.scheme  # the spelling of desktop settings
    if scheme not in _PROXY_SCHEMES or not host or not value.isprintable() or " " in value:
        raise ConfigurationError(
            f"the proxy is not a URL; it looks like http://host:port ({', '.join(_PROXY_SCHEMES)})"
        )
    if scheme.startswith("socks"):
        _require_socks()
    address = f"[{host}]" if ":" in host else host
    return f"{scheme}://{_escape_user_info(parts)}{address}{f':{port}' if port else ''}"


def _escape_user_info(parts: SplitResult) -> str:
    """Return the user name and password of a URL, escaped, with the `@` behind them."""
    if parts.username is None:
        return ""
    password = "" if parts.password is None else f":{quote(unquote(parts.password), safe='')}"
    return f"{quote(unquote(parts.username), safe='')}{password}@"


def _require_socks() -> None:
    from importlib.util import find_spec  # slow to import, and SOCKS is rare

    if find_spec("socksio") is None:
        raise ConfigurationError("a SOCKS proxy needs the package socksio; run: pip install 'httpx[socks]'")


def parse_verify(value: object, name: str) -> ssl.SSLContext | Path | bool:
    """Return how to verify certificates. A path must exist, and a file must hold CA certificates."""
    if isinstance(value, bool):
        return value
    import ssl  # slow to import

    if isinstance(value, ssl.SSLContext):
        return value
    if not isinstance(value, str | Path):
        raise TypeError(f"{name} must be an ssl.SSLContext, a path, True or False, not {value!r}")
    path = Path(value).expanduser()
    if not path.exists():
        raise ConfigurationError(f"{name}: there is no file or folder {path}")
    if path.is_file():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except OSError as error:
            raise ConfigurationError(f"{name}: {path} cannot be read as CA certificates (PEM): {error}") from None
    return path


def parse_headers(value: object, option: str) -> Headers:
    """Return names and values of headers."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{option} must be a mapping of names to values, not {type(value).__name__}")
    headers = [*cast("Mapping[object, object]", value).items()]
    return tuple((_parse_header_name(name), _parse_header_value(name, text)) for name, text in headers)


def _parse_header_name(name: object) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ConfigurationError(f"{name!r} is not a valid header name")
    if reason := _RESERVED_HEADERS.get(name.lower()):
        raise ConfigurationError(f"the header {name} cannot be set: {reason}")
    return name


def _parse_header_value(name: object, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"the header {name} must be a string, not {type(text).__name__}")
    if not (text.isascii() and text.isprintable()):
        raise ConfigurationError(
            f"the header {name} contains characters that are invalid in a header, such as a line break"
        )
    return text.strip()


def parse_user_agent(value: object, name: str) -> str:
    """Return the name of the user's program."""
    text = _parse_header_value("User-Agent", value)
    if not text:
        raise ConfigurationError(f"{name} is empty")
    return text


def parse_http(value: object, name: str) -> httpx.Client:
    """Return an httpx client that is open."""
    return cast("httpx.Client", _validate_httpx_client(value, "Client", name))


def parse_async_http(value: object, name: str) -> httpx.AsyncClient:
    """Return an async httpx client that is open."""
    return cast("httpx.AsyncClient", _validate_httpx_client(value, "AsyncClient", name))


def _validate_httpx_client(value: object, kind: str, name: str) -> object:
    library = sys.modules.get("httpx")  # a program that has an httpx client has imported httpx
    if library is None or not isinstance(value, getattr(library, kind)):
        raise TypeError(f"{name} must be an httpx.{kind}, not {type(value).__module__}.{type(value).__qualname__}")
    if cast("httpx.Client", value).is_closed:
        raise build_closed_client_error(name)
    return value


def parse_hooks(value: object, name: str) -> Hooks:
    """Return event hooks."""
    if not isinstance(value, Hooks):
        raise TypeError(f"{name} must be Hooks, not {type(value).__name__}")
    return value


def parse_switch(value: str, _: str) -> bool:
    """Return True for "on" and False for "off", or their synonyms."""
    if value.lower() not in _YES + _NO:
        raise ConfigurationError(f"must be on or off, not {value!r}")
    return value.lower() in _YES


def parse_token_cache(value: object, name: str) -> Path | None:
    """Return the folder for tokens: the default one for True or "on", none for False or "off", else the path."""
    if isinstance(value, str) and value.lower() in _YES + _NO:
        value = value.lower() in _YES
    if isinstance(value, bool):
        return cache_folder() if value else None
    if not isinstance(value, str | Path) or not str(value):
        raise TypeError(f"{name} must be True, False or the path of a folder, not {value!r}")
    return Path(value).expanduser()
