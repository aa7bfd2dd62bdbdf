"""Which servers are believed to be who they say: by the usual authorities, and a source's own.

httpx and ssl are imported inside functions, so that ``import catchment`` stays cheap.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from catchment.errors import BadSettings, Unreachable

if TYPE_CHECKING:
    from ssl import SSLCertVerificationError, SSLContext

_REMEDY = "Name a file that holds certificates in PEM."
_EXPIRED = (9, 10)
_OTHER_NAME = (62, 64)
"""What OpenSSL's ``X509_V_ERR_…`` say: not yet or no longer valid; another host or address."""


def check_authorities(ca_file: Path) -> None:
    """Make sure that *ca_file* holds at least one certificate.

    Raises:
        BadSettings: It cannot be read, or holds none.
    """
    import ssl

    _add(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def build_usual_context() -> SSLContext:
    """What trusts the authorities that httpx trusts by itself, or those that the environment names.

    To build it takes some 50 ms, so it is shared by all clients.
    """
    return _build_usual(*(os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")))


@lru_cache(maxsize=4)
def _build_usual(_file: str, _folder: str) -> SSLContext:
    import httpx

    return httpx.create_ssl_context()


def build_context(ca_file: Path) -> SSLContext:
    """What trusts the authorities in *ca_file* beside those that httpx trusts by itself.

    To build it takes some 20 ms, so it is shared by all clients until the file changes.

    Raises:
        BadSettings: The file cannot be read any more, or holds no certificate.
    """
    try:
        changed_ns = ca_file.stat().st_mtime_ns
    except OSError as error:
        raise _cannot_read(ca_file, error) from None
    return _build_context(ca_file, changed_ns)


@lru_cache(maxsize=16)
def _build_context(ca_file: Path, _changed_ns: int) -> SSLContext:
    import httpx

    context = httpx.create_ssl_context()
    _add(context, ca_file)
    return context


def _add(context: SSLContext, ca_file: Path) -> None:
    import ssl

    try:
        text = ca_file.read_bytes()
    except OSError as error:
        raise _cannot_read(ca_file, error) from None
    try:
        # Bundles have names in comments, in any encoding; certificates are ASCII.
        context.load_verify_locations(cadata=text.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        what = f"{ca_file} holds no certificate that can be read"
        raise BadSettings(what, remedy=_REMEDY) from None


def _cannot_read(ca_file: Path, error: OSError) -> BadSettings:
    said = (error.strerror or type(error).__name__).lower()
    return BadSettings(f"{ca_file} cannot be read: {said}", remedy=_REMEDY)


def find_distrust(
    host: str, error: BaseException, ca_file: Path | None = None
) -> Unreachable | None:
    """What *error* says in our words, if it says that the certificate of *host* is not trusted.

    Args:
        host: Whose certificate it is.
        error: What was raised.
        ca_file: What is trusted beside the usual authorities, if the source's settings name it.
    """
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            what = f"{host} cannot be reached: its certificate is not trusted"
            return Unreachable(
                f"{what}: {cause.verify_message}", remedy=_find_remedy(cause, ca_file)
            )
        cause = cause.__cause__ or cause.__context__
    return None


def _find_remedy(error: SSLCertVerificationError, ca_file: Path | None) -> str:
    if error.verify_code in _EXPIRED:
        return "Set this machine's clock right, or have the certificate of that server renewed."
    if error.verify_code in _OTHER_NAME:
        return "Correct the address in the settings."
    if ca_file is not None:
        return (
            f"The setting ca_file names {ca_file}, which lacks the authority of that certificate: "
            "put the certificate of the proxy's or the server's authority into it."
        )
    return (
        "If a proxy looks into TLS on the way, or the server's authority is your own, name the "
        "authority's certificate with the setting ca_file of the source."
    )
