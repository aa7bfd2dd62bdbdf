"""Certificates for simulated platforms over TLS: made for one serving, trusted by nobody else."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catchment._words import say_install
from catchment.errors import NotInstalled

__all__ = ["Identity", "issued"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What proves that a server is who it says.

    Attributes:
        context: With it a server speaks TLS.
        ca_file: The certificate, as PEM, of the authority that clients have to trust.
    """

    context: ssl.SSLContext
    ca_file: Path


@contextmanager
def issued(*names: str) -> Iterator[Identity]:
    """An identity for *names* (hosts or addresses), of an authority that ends with the block.

    Raises:
        NotInstalled: What makes certificates is missing.
    """
    try:
        import trustme
    except ImportError:
        raise NotInstalled(
            "a platform that is simulated over TLS needs the package trustme, which is missing",
            remedy=f"Install it: {say_install('trustme')}",
        ) from None
    authority = trustme.CA(organization_name="Catchment sandbox")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="catchment-sandbox-") as folder:
        ca_file = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(ca_file)
        yield Identity(context, ca_file)
