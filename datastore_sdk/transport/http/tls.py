"""TLS contexts: how the service's certificate is verified."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from datastore_sdk.exceptions import ConfigurationError
from datastore_sdk.transport.http.environment_proxy import AUTHORITIES


class Authorities(NamedTuple):
    """Certificates of authorities to trust instead of those of Mozilla."""

    path: Path
    source: str
    """The variable or argument that has the path."""


def get_environment_authorities() -> Authorities | None:
    """Return the authorities that the environment names."""
    variable = next(filter(os.environ.get, AUTHORITIES), None)
    return Authorities(Path(os.environ[variable]), f"environment variable {variable}") if variable else None


def validate_authorities(authorities: Authorities) -> None:
    """Check that certificates of authorities can be read.

    Raises:
        ConfigurationError: They cannot.
    """
    path, source = authorities
    kind = "folder" if source.endswith("SSL_CERT_DIR") else "file"
    folders = [Path(each) for each in str(path).split(os.pathsep)]  # SSL_CERT_DIR may have several
    if kind == "folder" and any(each.is_dir() for each in folders):
        return
    if source.endswith("_BUNDLE") and path.is_dir():
        return
    if not path.exists():
        raise ConfigurationError(f"{source}: there is no {kind} {path}; unset the variable or name one that is there")
    if kind == "folder" or not path.is_file():
        raise ConfigurationError(
            f"{source}: {path} is not a {kind} of CA certificates; name one, or unset the variable"
        )
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), authorities)


def build_tls_context(verify: ssl.SSLContext | Path | bool) -> ssl.SSLContext:
    """Return the context of connections. Without others, Mozilla's authorities are trusted.

    Args:
        verify: A context of the user, a file or folder of certificates, or whether to verify.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if verify is False:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        return context
    authorities = get_environment_authorities() if verify is True else Authorities(verify, "verify")
    if authorities is None:
        import certifi

        authorities = Authorities(Path(certifi.where()), "the package certifi")
    try:
        changed = authorities.path.stat().st_mtime_ns
    except OSError:
        changed = 0  # several folders, or a missing one, which fails below
    return _trusting(authorities, changed)


@lru_cache(maxsize=8)
def _trusting(authorities: Authorities, _: int) -> ssl.SSLContext:
    """Return a context that clients share, since it takes much time and memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(context, authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, authorities: Authorities) -> None:
    path, source = authorities
    is_folder = path.is_dir() or source.endswith("SSL_CERT_DIR")
    try:
        context.load_verify_locations(cafile=None if is_folder else path, capath=path if is_folder else None)
    except OSError as error:
        reason = error.strerror or error
        raise ConfigurationError(f"{source}: {path} cannot be read as CA certificates (PEM): {reason}") from None
