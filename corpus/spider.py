"""A polite crawl of start URLs into pages: robots.txt, an allow-list of hosts, a delay, limits of depth and pages.

Scrapy does the crawling, in a child process, since Twisted's reactor cannot be started twice in one. No request goes
to a private address, whether written in a URL, found by DNS or named by a redirect; the name that was checked is the
address that is connected to. Origins in `exempt` are let through; no configuration reaches that list.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corpus.warc import BODY_LIMIT, Page, page_member
from pipeline.errors import MalmoiError

AGENT = "malmoi/0.1 (gathers text for Korean language models; obeys robots.txt)"
KEPT_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
OPT_OUT = re.compile(r"\b(noindex|noai|none)\b")
NO_FOLLOW = re.compile(r"\b(nofollow|none)\b")
ROBOTS_META = re.compile(rb"<meta\s[^>]*name\s*=\s*[\"']?(?:robots|malmoi)\b[^>]*>", re.IGNORECASE)
SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b")
TICK = 0.25  # seconds between looks at the child


@dataclass(frozen=True)
class Job:
    """What to crawl. `rewrite` maps an origin as crawled to the origin that records are written under."""

    start_urls: list[str]
    allow: list[str]
    delay: float = 1.0
    depth: int = 3
    limit: int | None = None
    exempt: list[str] = field(default_factory=list)
    rewrite: dict[str, str] = field(default_factory=dict)
    obey_robots: bool = True


@dataclass(frozen=True)
class Crawled:
    """Pages saved, requests that `failed` or were `refused` by reason, and pages whose owner opts out of indexing."""

    saved: int
    failed: dict[str, int]
    refused: dict[str, int]
    opted_out: int


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, addresses embedded in IPv6 included."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def origin(url: str) -> str:
    """`scheme://host:port` with the default port left out."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"


def refusal(url: str, allow: set[str], exempt: set[str]) -> str | None:
    """Why a request may not be made, or None; what a name resolves to is checked when it is resolved."""
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
    with contextlib.suppress(ValueError):
        if not is_public(host):
            return "private address"
    return None


def crawl_pages(job: Job, folder: Path, tick: Callable[[int], None] = lambda saved: None) -> Crawled:
    """Crawl in a child process into `folder`; `tick(pages so far)` is called now and then and may raise to stop."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
    (folder / "index.jsonl").touch()
    command = [sys.executable, "-P", "-m", "corpus.spider", str(folder.absolute())]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    saved = 0
    try:
        with (folder / "index.jsonl").open(encoding="utf-8") as index:
            while child.poll() is None:
                saved += index.read().count("\n")
                tick(saved)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(TICK)
    finally:
        if child.stdin is not None:
            child.stdin.close()
        if child.poll() is None:
            child.kill()
            child.wait()
    try:
        return Crawled(**json.loads((folder / "result.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise MalmoiError(f"the crawler's process ended with {child.returncode} before it was done") from None


def members(folder: Path, limit: int | None = None) -> Iterator[tuple[str, bytes, int]]:
    """(URL, gzip member, bytes of the page) of a finished crawl, sorted by URL, at most `limit`."""
    lines = (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()
    entries = sorted(json.loads(line) for line in lines)
    with (folder / "pages.gz").open("rb") as file:
        for url, offset, length, size in entries[:limit]:
            file.seek(offset)
            yield url, file.read(length), size


def _settings(job: Job) -> dict[str, Any]:
    """Scrapy's settings: what a guest owes a host, and no console, remote control or cookies."""
    patient = job.delay > 0
    return {
        "USER_AGENT": AGENT,
        "ROBOTSTXT_OBEY": job.obey_robots,
        "ROBOTSTXT_USER_AGENT": "malmoi",
        "DOWNLOAD_DELAY": job.delay,
        "AUTOTHROTTLE_ENABLED": patient,
        "AUTOTHROTTLE_START_DELAY": job.delay,
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1 if patient else 16,
        "DOWNLOAD_MAXSIZE": BODY_LIMIT,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": 30,
        "DOWNLOAD_VERIFY_CERTIFICATES": False,  # a page with a stale certificate is still that site's text
        "RETRY_TIMES": 3,
        "RETRY_HTTP_CODES": [408, 429, 500, 502, 503, 504, 522, 524],
        "RETRY_GIVE_UP_LOG_LEVEL": "WARNING",
        "HTTPERROR_ALLOW_ALL": True,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # a proxy would resolve names out of the guard's sight
        "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "ftp", "s3")),
        "EXTENSIONS_BASE": {
            "scrapy.extensions.corestats.CoreStats": 0,
            "scrapy.extensions.throttle.AutoThrottle": 0,
        },
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",  # breadth first, so that limits cut the far pages
        "DEPTH_PRIORITY": 1,
        "LOG_LEVEL": "WARNING",
    }


def _crawl(folder: Path) -> None:
    """The child's work: crawl `job.json`, append pages to `pages.gz` and `index.jsonl`, then write `result.json`."""
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess
    from scrapy.exceptions import CloseSpider, IgnoreRequest
    from scrapy.http import HtmlResponse, Response
    from scrapy.linkextractors import LinkExtractor
    from scrapy.resolver import CachingThreadedResolver
    from scrapy.utils.sitemap import Sitemap

    job = Job(**json.loads((folder / "job.json").read_text(encoding="utf-8")))
    allow, exempt = {host.lower() for host in job.allow}, set(job.exempt)
    failed: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    seen: set[str] = set()
    opted_out = 0

    class Refused(IgnoreRequest):  # type: ignore[misc]
        pass

    class Guard:
        def process_request(self, request: Any) -> None:
            reason = refusal(request.url, allow, exempt)
            if reason is not None:
                raise Refused(reason)

    class PublicResolver(CachingThreadedResolver):  # type: ignore[misc]
        def getHostByName(self, name: str, timeout: Any = ()) -> Any:
            return super().getHostByName(name, timeout).addCallback(self._checked, name)

        def _checked(self, address: str, name: str) -> str:
            if address != name and not is_public(address):  # a literal was judged with its port by `Guard`
                raise Refused("private address")
            return address

    class Pages(Spider):  # type: ignore[misc]
        name = "malmoi"
        links = LinkExtractor(tags=("a", "area"), canonicalize=False)

        async def start(self) -> Any:
            for url in job.start_urls:
                yield Request(url, errback=self.lost)

        def parse(self, response: Response, **kwargs: Any) -> Any:
            if response.status != 200:
                failed[f"status {response.status}"] += 1
                return
            if SITEMAP.search(response.body[:1024]):
                yield from self.follow(response, [entry["loc"] for entry in Sitemap(response.body)])
                return
            said = _robots(response)
            self.save(response, bool(OPT_OUT.search(said)))
            if isinstance(response, HtmlResponse) and not NO_FOLLOW.search(said):
                yield from self.follow(response, [link.url for link in self.links.extract_links(response)])

        def follow(self, response: Response, urls: list[str]) -> Iterator[Any]:
            if response.meta.get("depth", 0) < job.depth:
                for url in urls:
                    if refusal(url, allow, exempt) is None:  # links out of bounds are no refusals worth a count
                        yield Request(url, errback=self.lost)

        def save(self, response: Response, opts_out: bool) -> None:
            nonlocal opted_out
            if job.limit is not None and len(seen) >= job.limit:
                raise CloseSpider("limit")
            headers = _headers(response)
            mime = headers.get("content-type", "").split(";")[0].strip().lower()
            url = response.url
            for crawled, written in job.rewrite.items():
                url = written + url[len(crawled) :] if url.startswith(crawled + "/") else url
            if mime not in KEPT_TYPES or url in seen:
                return
            seen.add(url)
            opted_out += opts_out
            page = Page(url, headers, response.body, status=200, mime=mime, date=_date(headers.get("date", "")))
            member = page_member(page)
            index.write(json.dumps([url, pages.tell(), len(member), len(page.body)]) + "\n")
            pages.write(member)
            pages.flush()
            index.flush()

        def lost(self, failure: Any) -> None:
            if failure.check(Refused):
                refused[str(failure.value)] += 1
            elif failure.check(IgnoreRequest):
                refused["robots.txt"] += 1
            else:
                failed[failure.type.__name__] += 1

    with (folder / "pages.gz").open("wb") as pages, (folder / "index.jsonl").open("a", encoding="utf-8") as index:
        settings = {
            **_settings(job),
            "TWISTED_DNS_RESOLVER": PublicResolver,
            "DOWNLOADER_MIDDLEWARES": {Guard: 50},
        }
        process = CrawlerProcess(settings)
        process.crawl(Pages)
        process.start()
    result = Crawled(len(seen), dict(sorted(failed.items())), dict(sorted(refused.items())), opted_out)
    (folder / "result.json").write_text(json.dumps(asdict(result)), encoding="utf-8")


def _headers(response: Any) -> dict[str, str]:
    joined = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return {name: joined[name] for name in sorted(joined) if name not in ("connection", "keep-alive", "set-cookie")}


def _robots(response: Any) -> str:
    """What the page tells robots, by header and by meta element, in lower case."""
    said = b" ".join([*response.headers.getlist("X-Robots-Tag"), *ROBOTS_META.findall(response.body[: 64 << 10])])
    return said.decode("latin-1").lower()


def _date(text: str) -> str:
    """An HTTP date as WARC writes it; nothing where there is none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return ""


def _end_with_parent() -> None:
    os.read(0, 1)  # the parent never writes: this ends when it does, however it ends
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _crawl(Path(sys.argv[1]))
