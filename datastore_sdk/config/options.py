"""Settings as people write them, as arguments, in the environment or in a profile, turned into what is used.

Each function takes one value, whatever it is, and says in its error what it should be; none shows a secret.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import SplitResult, quote, unquote, urlsplit

from datastore_sdk._io.timeouts import Timeouts, closed_client_error
from datastore_sdk._utils.validation import validate_flag, validate_id
from datastore_sdk.config.profiles import did_you_mean, user_folder
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
_PROXIES = ("http", "https", _SOCKS, "socks5h")
_OURS = {
    "accept": "it says what the SDK can read",
    "accept-encoding": "it says what the SDK can read",
    "authorization": "the token stands there; pass it as auth_token",
    "connection": "it belongs to the connection",
    "content-length": "it belongs to the body",
    "content-type": "it belongs to the body",
    "host": "it belongs to the connection; see base_url",
    "transfer-encoding": "it belongs to the body",
    "user-agent": "pass it as user_agent",
}
"""Headers that cannot be set, and why."""
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def base_url_from(value: object) -> str:
    """Scheme and host as all write them who mean the same: without a trailing slash, capitals and the usual port."""
    if not isinstance(value, str):
        raise TypeError(f"base_url must be a string, not {type(value).__name__}")
    url = value.strip().rstrip("/")
    if not url.isprintable() or " " in url or "\\" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) holds a space, a line break or the like")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"the base URL (RESTREAM_HOST, base_url) cannot be read: {error}") from None
    if "@" in url or "?" in url or "#" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) must hold neither user name nor query")
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise ConfigurationError(f"{url!r} is no base URL; RESTREAM_HOST and base_url look like {DEFAULT_HOST}")
    where = f"[{host}]" if ":" in host else host
    if port not in (None, _PORTS[parts.scheme]):
        where += f":{port}"
    return f"{parts.scheme}://{where}{parts.path}"


def is_plain(url: str) -> bool:
    """Whether what goes there is not encrypted."""
    return urlsplit(url).scheme == "http"


def is_loopback(url: str) -> bool:
    """Whether a URL is one of this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    from ipaddress import ip_address  # slow to import, and most hosts are none

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def plain_http_from(value: object) -> bool:
    """Whether plain http may go to any host."""
    if not isinstance(value, bool):
        raise TypeError(f"allow_plain_http must be True or False, not {value!r}")
    return value


def strict_from(value: object) -> bool:
    """Whether answers that do not fit the contract are refused."""
    return validate_flag(value, "strict")


def timeouts_from(value: object) -> Timeouts:
    """`Timeouts`; a number of seconds is the longest of every single wait."""
    if isinstance(value, Timeouts):
        return value
    if isinstance(value, Mapping):
        return _made(Timeouts, cast("Mapping[str, Any]", value))
    return Timeouts.of(cast("float", value))


def retries_from(value: object) -> RetryPolicy:
    """A `RetryPolicy`."""
    if isinstance(value, RetryPolicy):
        return value
    if not isinstance(value, Mapping):
        raise TypeError(f"retries must be a RetryPolicy (in a profile a table), not {value!r}")
    return _made(RetryPolicy, cast("Mapping[str, Any]", value))


def _made(kind: type[D], value: Mapping[str, Any]) -> D:
    known = [field.name for field in fields(kind)]
    for name in value:
        if name not in known:
            raise ConfigurationError(f"there is no {name!r} in {kind.__name__}{did_you_mean(name, known)}")
    return kind(**value)


def attempts_from(value: str) -> int:
    """How often a call is made at most."""
    if not (value.isascii() and value.isdecimal() and int(value)):
        raise ConfigurationError(f"must be a whole number from 1, not {value!r}")
    return int(value)


def concurrency_from(value: object) -> int:
    """How many calls may be under way at a time."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"max_concurrent_calls must be an int, not {value!r}")
    if not 1 <= value <= MAX_CALLS_PER_ENDPOINT:
        raise ValueError(
            f"max_concurrent_calls must be 1 to {MAX_CALLS_PER_ENDPOINT}, not {value}: the service refuses more calls "
            f"than {MAX_CALLS_PER_ENDPOINT} at a time to one endpoint"
        )
    return value


def answer_bytes_from(value: object) -> int:
    """How many bytes an ordinary answer may have."""
    return validate_id(value, "max_response_bytes")


def proxy_from(value: object) -> str:
    """The URL of a proxy, which may hold a password."""
    if not isinstance(value, str):
        raise TypeError(f"proxy must be a URL, not {type(value).__name__}")
    try:
        parts = urlsplit(value)
    except ValueError:  # a bracket, perhaps of a password, so it is not shown
        raise ConfigurationError("the proxy is no URL; it looks like http://host:port") from None
    if "@" in parts.path or parts.query or parts.fragment:
        raise ConfigurationError(
            "the proxy is no URL: its user name or password holds a character that ends a part of a URL; write %23 for "
            "#, %2F for / and %3F for ?"
        )
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    scheme = _SOCKS if parts.scheme == "socks" else parts.scheme  # as desktops write it
    if scheme not in _PROXIES or not host or not value.isprintable() or " " in value:
        raise ConfigurationError(f"the proxy is no URL; it looks like http://host:port ({', '.join(_PROXIES)})")
    if scheme.startswith("socks"):
        _require_socks()
    where = f"[{host}]" if ":" in host else host
    return f"{scheme}://{_user_of(parts)}{where}{f':{port}' if port else ''}"


def _user_of(parts: SplitResult) -> str:
    """The user name and password of a URL, escaped whatever they hold."""
    if parts.username is None:
        return ""
    password = "" if parts.password is None else f":{quote(unquote(parts.password), safe='')}"
    return f"{quote(unquote(parts.username), safe='')}{password}@"


def _require_socks() -> None:
    from importlib.util import find_spec  # here, for few have such a proxy

    if find_spec("socksio") is None:
        raise ConfigurationError("a SOCKS proxy takes the package socksio; run: pip install 'httpx[socks]'")


def verify_from(value: object) -> ssl.SSLContext | Path | bool:
    """How to verify certificates; a path must be there."""
    if isinstance(value, bool):
        return value
    import ssl  # here, for it takes long

    if isinstance(value, ssl.SSLContext):
        return value
    if not isinstance(value, str | Path):
        raise TypeError(f"verify must be an ssl.SSLContext, a path, True or False, not {value!r}")
    path = Path(value).expanduser()
    if not path.exists():
        raise ConfigurationError(f"verify: there is no file or folder {path}")
    if path.is_file():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except OSError as error:
            raise ConfigurationError(f"verify: {path} cannot be read as CA certificates (PEM): {error}") from None
    return path


def headers_from(value: object) -> Headers:
    """Headers to send with every request."""
    if not isinstance(value, Mapping):
        raise TypeError(f"headers must be a mapping of names to values, not {type(value).__name__}")
    headers = [*cast("Mapping[object, object]", value).items()]
    return tuple((_header_name(name), _header_value(name, text)) for name, text in headers)


def _header_name(name: object) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot be the name of a header")
    if why := _OURS.get(name.lower()):
        raise ConfigurationError(f"the header {name} cannot be set: {why}")
    return name


def _header_value(name: object, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"the header {name} must be a string, not {type(text).__name__}")
    if not (text.isascii() and text.isprintable()):
        raise ConfigurationError(f"the header {name} holds characters that no header can (a line break?)")
    return text.strip()


def user_agent_from(value: object) -> str:
    """What a program calls itself."""
    text = _header_value("User-Agent", value)
    if not text:
        raise ConfigurationError("user_agent is empty")
    return text


def http_from(value: object) -> httpx.Client:
    """An httpx client of the user's."""
    return cast("httpx.Client", _of_httpx(value, "Client", "http"))


def async_http_from(value: object) -> httpx.AsyncClient:
    """The same for async calls."""
    return cast("httpx.AsyncClient", _of_httpx(value, "AsyncClient", "async_http"))


def _of_httpx(value: object, kind: str, name: str) -> object:
    library = sys.modules.get("httpx")  # whoever made a client has imported it
    if library is None or not isinstance(value, getattr(library, kind)):
        raise TypeError(f"{name} must be an httpx.{kind}, not {type(value).__module__}.{type(value).__qualname__}")
    if cast("httpx.Client", value).is_closed:
        raise closed_client_error(name)
    return value


def hooks_from(value: object) -> Hooks:
    """Functions that are told of calls."""
    if not isinstance(value, Hooks):
        raise TypeError(f"hooks must be Hooks, not {type(value).__name__}")
    return value


def shared_limit_from(value: str) -> bool:
    """Whether the limit of calls is kept by all processes together."""
    if value.lower() not in _YES + _NO:
        raise ConfigurationError(f"must be on or off, not {value!r}")
    return value.lower() in _YES


def cache_folder_from(value: object) -> Path | None:
    """The folder for tokens; True is the usual one, False none. In the environment these are words."""
    if isinstance(value, str) and value.lower() in _YES + _NO:
        value = value.lower() in _YES
    if isinstance(value, bool):
        return user_folder("XDG_CACHE_HOME", ".cache") if value else None
    if not isinstance(value, str | Path) or not str(value):
        raise TypeError(f"token_cache must be True, False or the path of a folder, not {value!r}")
    return Path(value).expanduser()
