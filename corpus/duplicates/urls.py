"""One form for the many spellings of a URL, so that the same page fetched twice is known before its text is compared.

What is taken away says nothing about the page: RFC 3986 section 6 (case, default port, percent-encoding, dot segments),
the fragment, parameters that advertisements and sessions add, the name of a folder's index page. What may matter stays:
`www.`, the path's case, a trailing slash that is not the index page's, every other parameter.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

PORTS = {"http": 80, "https": 443}
TRACKING = frozenset({
    # advertisements: Google, Meta, Microsoft, Yandex, Mailchimp, HubSpot, X, TikTok, LinkedIn, Instagram
    "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "_ga", "_gl", "fbclid", "msclkid", "yclid", "ysclid", "mc_cid",
    "mc_eid", "_hsenc", "_hsmi", "twclid", "ttclid", "li_fat_id", "igshid", "igsh", "s_kwcid",
    # the same of Naver and Daum
    "napm", "n_media", "n_query", "n_rank", "n_ad_group", "n_ad", "n_keyword_id", "n_keyword", "n_campaign_type",
    "n_match", "n_network", "n_mall_pid", "dmkw", "dmskw", "dmcol",
    # Matomo (its older names too) and HubSpot's advertisements
    *(f"{prefix}_{name}" for prefix in ("mtm", "pk")
      for name in ("campaign", "kwd", "keyword", "source", "medium", "content", "cid", "group", "placement")),
    *(f"hsa_{name}" for name in ("acc", "cam", "grp", "ad", "src", "tgt", "kw", "mt", "net", "ver", "la", "ol")),
    # sessions
    "phpsessid", "jsessionid", "asp.net_sessionid", "cfid", "cftoken",
})  # fmt: skip
PREFIXES = ("utm_", "aspsessionid")
INDEX = re.compile(r"/(?:index|default)\.(?:html?|xhtml|php\d?|jsp|aspx?|do)$", re.IGNORECASE)
SESSION = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
SAFE = ":@!$&'()*+,;=~-._"


def normalize(url: str) -> str:
    """The form that equal URLs share, without the scheme; empty for what is not an http or https URL with a host."""
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        return ""
    if scheme not in PORTS or not host:
        return ""
    host = _ascii(host.rstrip("."))
    place = f"{host}:{port}" if port and port != PORTS[scheme] else host
    pieces = (unquote(piece, errors="surrogateescape") for piece in SESSION.sub("", parts.path).split("/"))
    path = "/".join(quote(piece, SAFE, errors="surrogateescape") for piece in pieces)  # %2F is no slash
    dots = posixpath.normpath(path) if path else "/"
    path = "/" + dots.lstrip("/") + ("/" if path.endswith(("/", "/.", "/..")) and dots.strip("/") else "")
    path = INDEX.sub("/", path)
    query = _query(parts.query)
    hashbang = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""  # such a fragment names the page
    return place + path + (f"?{query}" if query else "") + hashbang


def _ascii(host: str) -> str:
    """한국.kr and xn--3e0b707e.kr are one host."""
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.lower()


def _query(query: str) -> str:
    """Parameters in order of their names; of one name, in the order given."""
    query = quote(query, safe=SAFE + "/%?[]")  # letters written as they are
    given = parse_qsl(query, keep_blank_values=True, encoding="latin-1", separator="&")
    kept = [pair for pair in given if not is_tracking(pair[0])]
    return urlencode(sorted(kept, key=lambda pair: pair[0]), encoding="latin-1")


def is_tracking(name: str) -> bool:
    return name.lower() in TRACKING or name.lower().startswith(PREFIXES)
