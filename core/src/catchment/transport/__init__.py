"""The HTTP client that adapters share, so that no adapter has retries, sleeps or limits of its own.

Importing this package is cheap: httpx is imported when the first client is opened.
"""

from catchment.transport._links import may_carry_token
from catchment.transport._stream import Fetched
from catchment.transport.buckets import Buckets, LocalBuckets
from catchment.transport.client import Check, Client, TokenRejected
from catchment.transport.download import Downloader, LinkRefused
from catchment.transport.kit import Kit
from catchment.transport.limits import Limits
from catchment.transport.messages import Answer, Request, read_links, read_retry_after
from catchment.transport.paging import walk
from catchment.transport.rotating import LocalVault, RotatingToken, Vault
from catchment.transport.signing import verify_hmac
from catchment.transport.tokens import (
    ApiKey,
    LocalTokens,
    Minted,
    OAuthToken,
    OwnHeaders,
    Token,
    TokenSource,
    TokenStore,
)

__all__ = [
    "Answer",
    "ApiKey",
    "Buckets",
    "Check",
    "Client",
    "Downloader",
    "Fetched",
    "Kit",
    "Limits",
    "LinkRefused",
    "LocalBuckets",
    "LocalTokens",
    "LocalVault",
    "Minted",
    "OAuthToken",
    "OwnHeaders",
    "Request",
    "RotatingToken",
    "Token",
    "TokenRejected",
    "TokenSource",
    "TokenStore",
    "Vault",
    "may_carry_token",
    "read_links",
    "read_retry_after",
    "verify_hmac",
    "walk",
]
