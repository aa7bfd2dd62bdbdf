"""The one place that knows httpx: how a client is opened, and what its errors mean in ours.

httpx is imported inside functions, so that ``import catchment`` stays cheap.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from catchment.errors import AdapterFault, Unreachable
from catchment.transport import trust

if TYPE_CHECKING:
    import httpx

    from catchment.transport.limits import Limits
from catchment.transport.messages import NO_ANSWER


def open_client(limits: Limits, ca_file: Path | None = None) -> httpx.Client:
    """An httpx client over HTTP/1.1 that follows no redirect, keeps no cookie and logs no url.

    Args:
        limits: How long it waits.
        ca_file: Certificates, as PEM, of authorities that are trusted beside the usual ones.

    Raises:
        BadSettings: *ca_file* cannot be read, or holds no certificate.
    """
    import httpx

    # Both print whole urls, signatures included, below WARNING.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    read = limits.read.total_seconds()
    timeout = httpx.Timeout(read, connect=limits.connect.total_seconds(), pool=2 * read)
    return httpx.Client(
        timeout=timeout,
        verify=trust.build_usual_context() if ca_file is None else trust.build_context(ca_file),
        follow_redirects=False,
        headers={"User-Agent": f"catchment/{version('catchment')}"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


@contextmanager
def reading_errors(host: str, ca_file: Path | None = None) -> Iterator[None]:
    """Turn what httpx raises into errors of ours, which hold a host and never a url or a header.

    Args:
        host: Whom the block asks.
        ca_file: What the source's setting of that name says, for the remedy.

    Raises:
        Unreachable: The server did not answer, or not to the end.
        AdapterFault: What should be asked is not a url.
    """
    import httpx

    try:
        yield
    except httpx.ConnectError as error:
        distrust = trust.find_distrust(host, error, ca_file)
        if distrust is not None:
            raise distrust from None
        said = re.sub(r"\[Errno -?\d+\] ", "", str(error)).lower()
        raise Unreachable(f"{host} cannot be reached: {said}", remedy=NO_ANSWER) from None
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Unreachable(f"{host} did not open a connection in time") from None
    except httpx.TimeoutException:
        raise Unreachable(f"{host} was silent for too long") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise AdapterFault(f"what should be asked of {host or 'a host'} is not a url") from None
    except (httpx.TransportError, httpx.DecodingError) as error:
        kind = type(error).__name__
        raise Unreachable(f"{host} broke off or spoiled its answer ({kind})") from None
