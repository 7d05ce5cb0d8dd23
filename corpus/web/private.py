"""The guard of a crawl: which addresses are of the open internet, and why a request may not be made."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Set
from urllib.parse import urlsplit

# IPv6 networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052) and the old IPv4-compatible form
EMBEDDING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, addresses embedded in IPv6 included."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and any(found in network for network in EMBEDDING):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def origin(url: str) -> str:
    """`scheme://host:port` with the default port left out."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    host = (parts.hostname or "").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def refusal(url: str, allow: Set[str], exempt: Set[str], private: Set[str] = frozenset()) -> str | None:
    """Why a request may not be made, or None; what a name resolves to is checked when it is resolved.

    `allow` are hosts, `exempt` are origins that need no check, `private` are hosts that may be private addresses.
    """
    try:
        parts, place = urlsplit(url), origin(url)
    except ValueError:
        return "bad url"
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        return "bad url"
    if place in exempt:
        return None
    if host not in allow:
        return "other host"
    if host in private:
        return None
    with contextlib.suppress(ValueError):
        if not is_public(host):
            return "private address"
    return None
