"""How the service's certificate is verified."""

from __future__ import annotations

import os
import ssl


def tls_context(verify: ssl.SSLContext | bool) -> ssl.SSLContext:
    """The context of connections. Unless the environment names others, the authorities are those of Mozilla.

    Args:
        verify: A context of the user's, or whether to verify.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if verify:
        file, folder = _authorities()
        context = ssl.create_default_context(cafile=file, capath=folder)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _authorities() -> tuple[str | None, str | None]:
    """A file or a folder of certificates."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return file or None, folder or None
    import certifi

    return certifi.where(), None
