"""The child process of a crawl: Scrapy, with manners and a guard of our own. Started by `corpus.web.spider`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corpus.archive.page import joint
from corpus.archive.warc import BODY_LIMIT, Page, page_member, read_pages
from corpus.web import optout
from corpus.web.patience import SLOW_DOWN, Patience
from corpus.web.private import is_public, origin, refusal
from corpus.web.spider import KEPT_TYPES, Crawled, Job

AGENT = "malmoi/0.1 (gathers text for Korean language models; obeys robots.txt)"
SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b")
CLOSED = b"User-agent: *\nDisallow: /\n"  # what a robots.txt that cannot be had means (RFC 9309, 2.3.1.4)


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
        "RETRY_HTTP_CODES": [408, 500, 502, 504, 522, 524],  # 403, 429 and 503 are for `Manners`
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
    from scrapy import Request, Spider, signals
    from scrapy.crawler import CrawlerProcess
    from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
    from scrapy.exceptions import CloseSpider, IgnoreRequest
    from scrapy.http import HtmlResponse, Response
    from scrapy.http.request import NO_CALLBACK
    from scrapy.linkextractors import LinkExtractor
    from scrapy.resolver import CachingThreadedResolver
    from scrapy.responsetypes import responsetypes
    from scrapy.utils.sitemap import Sitemap
    from twisted.python.failure import Failure

    job = Job(**json.loads((folder / "job.json").read_text(encoding="utf-8")))
    allow, exempt = {host.lower() for host in job.allow}, set(job.exempt)
    private = {host.lower() for host in job.private}
    obey = job.opt_out == "obey"
    failed: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    met: Counter[str] = Counter()
    seen: set[str] = set()
    opted_out = 0

    class Refused(IgnoreRequest):  # type: ignore[misc]
        pass

    class Guard:
        def process_request(self, request: Any) -> None:
            reason = refusal(request.url, allow, exempt, private)
            if reason is not None:
                raise Refused(reason)

    class PublicResolver(CachingThreadedResolver):  # type: ignore[misc]
        """Names become one IPv4 address, and that is the one connected to: no second look-up can differ."""

        def getHostByName(self, name: str, timeout: Any = ()) -> Any:
            return super().getHostByName(name, timeout).addCallback(self._checked, name)

        def _checked(self, address: str, name: str) -> str:
            if address != name and name not in private and not is_public(address):  # `Guard` judged literals
                raise Refused("private address")
            return address

    class Robots(RobotsTxtMiddleware):  # type: ignore[misc]
        """Scrapy's, but a robots.txt that cannot be had closes the host, and an error page is no robots.txt.

        One request asks for the file and the others wait for it.
        """

        def __init__(self, crawler: Any) -> None:
            super().__init__(crawler)
            self.waiting: dict[str, asyncio.Future[Any]] = {}

        async def robot_parser(self, request: Any) -> Any:
            place = origin(request.url)
            if place not in self.waiting:
                self.waiting[place] = asyncio.get_running_loop().create_future()
                self.waiting[place].set_result(self._parser(await self.ask(place)))
            return await self.waiting[place]

        def _parser(self, body: bytes) -> Any:
            return self._parserimpl.from_crawler(self.crawler, body)

        async def ask(self, place: str) -> bytes:
            answer = await _aside(self.crawler, place + "/robots.txt")
            if answer is None or answer.status >= 500 or answer.status in SLOW_DOWN[1:]:
                return CLOSED
            return answer.body[: 512 << 10] if answer.status == 200 else b""

    class Reservations:
        """`/.well-known/tdmrep.json` of each origin, asked for once."""

        def __init__(self, crawler: Any) -> None:
            self.crawler = crawler
            self.waiting: dict[str, asyncio.Future[Any]] = {}

        @classmethod
        def from_crawler(cls, crawler: Any) -> Reservations:
            return cls(crawler)

        async def process_request(self, request: Any) -> None:
            if request.meta.get("dont_obey_robotstxt") or not job.obey_robots:
                return
            place = origin(request.url)
            if place not in self.waiting:
                self.waiting[place] = asyncio.get_running_loop().create_future()
                answer = await _aside(self.crawler, place + optout.TDM_FILE)
                fine = answer is not None and answer.status == 200
                self.waiting[place].set_result(optout.reservations(answer.body) if fine else [])
            if optout.reserved(request.url, await self.waiting[place]):
                request.meta["reserved"] = True
                if obey:
                    nonlocal opted_out
                    opted_out += 1
                    met["tdm-reservation"] += 1
                    raise Refused("opt-out: tdm-reservation")

    async def _aside(crawler: Any, url: str) -> Any:
        """The answer to a request beside the crawl, or None."""
        extra = {"dont_obey_robotstxt": True}
        try:
            request = Request(url, priority=1000, meta=extra, callback=NO_CALLBACK)
            return await crawler.engine.download_async(request)
        except Exception:  # whatever it was, there is no answer
            return None

    class Replay:
        """Answers from the spool what a crawl that was broken off has saved already."""

        def __init__(self) -> None:
            self.there: dict[str, tuple[int, int]] = {}
            for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
                url, offset, length, _ = json.loads(line)
                self.there[url] = (offset, length)

        def process_request(self, request: Any) -> Any:
            if request.url not in self.there:
                return None
            offset, length = self.there[request.url]
            with (folder / "pages.gz").open("rb") as file:
                file.seek(offset)
                (folder / "one.warc.gz").write_bytes(file.read(length))
            page = next(read_pages(folder / "one.warc.gz"))
            kind = responsetypes.from_mimetype(page.mime)
            request.meta["replayed"] = True
            return kind(page.url, status=200, headers=dict(page.http_headers), body=page.body, request=request)

    class Manners:
        """Back-off per host: Retry-After, pauses that double, one mood for all requests to a host, an end."""

        def __init__(self, crawler: Any) -> None:
            self.crawler, self.patience = crawler, Patience(max(job.pause, job.delay))
            crawler.signals.connect(self.downloaded, signal=signals.response_downloaded)

        @classmethod
        def from_crawler(cls, crawler: Any) -> Manners:
            return cls(crawler)

        async def process_request(self, request: Any) -> None:
            host = _host(request.url)
            while (wait := self.patience.wait(host)) > 0:
                await asyncio.sleep(wait)
            if self.patience.given_up(host):
                raise Refused("host given up")

        def downloaded(self, response: Any, request: Any) -> None:
            """Note the answer before the host's queue goes on, and hold the queue where the host said no."""
            host = _host(request.url)
            tried = request.meta.get("tried", 0) + 1
            after = response.headers.get("Retry-After", b"").decode("latin-1")
            request.meta["again"] = self.patience.answered(host, response.status, after, tried)
            slot = self.crawler.engine.downloader.slots.get(request.meta.get("download_slot"))
            if slot is None:
                return
            wait = self.patience.wait(host)
            if wait > 0:
                slot.delay = max(slot.delay, 0.001)  # without a delay the queue looks at no clock
                slot.lastseen = time.monotonic() + wait
            while self.patience.given_up(host) and slot.queue:
                slot.queue.popleft()[1].errback(Failure(Refused("host given up")))

        def process_response(self, request: Any, response: Any) -> Any:
            if not request.meta.get("again"):
                return response
            tried = request.meta.get("tried", 0) + 1
            return request.replace(dont_filter=True, meta={**request.meta, "tried": tried, "again": False})

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
            headers = _headers(response)
            if response.meta.get("reserved"):
                headers["tdm-reservation"] = "1"  # said by the site's file: as a header it reaches the later stages
            html = isinstance(response, HtmlResponse)
            head = response.body[: optout.HEAD_MOST].decode("latin-1") if html else ""
            self.save(response, headers, optout.signals(headers, head))
            if html and not optout.nofollow(optout.signals(headers, head)):
                yield from self.follow(response, [link.url for link in self.links.extract_links(response)])

        def follow(self, response: Response, urls: list[str]) -> Iterator[Any]:
            if response.meta.get("depth", 0) < job.depth:
                for url in urls:
                    if refusal(url, allow, exempt, private) is None:  # links out of bounds are no refusals to count
                        yield Request(url, errback=self.lost)

        def save(self, response: Response, headers: dict[str, str], said: dict[str, str]) -> None:
            nonlocal opted_out
            if job.limit is not None and len(seen) >= job.limit:
                raise CloseSpider("limit")
            mime = headers.get("content-type", "").split(";")[0].strip().lower()
            url = response.url
            for crawled, written in job.rewrite.items():
                url = written + url[len(crawled) :] if url.startswith(crawled + "/") else url
            if mime not in KEPT_TYPES or url in seen:
                return
            met.update(said.keys() - {"tdm-policy"})
            if job.obey_robots and optout.refuses(said):
                opted_out += 1
                if obey:
                    refused["opt-out: " + next(name for name in optout.REFUSING if name in said)] += 1
                    return
            seen.add(url)
            if response.meta.get("replayed"):
                return
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

    with (folder / "pages.gz").open("ab") as pages, (folder / "index.jsonl").open("a", encoding="utf-8") as index:
        settings = {
            **_settings(job),
            "TWISTED_DNS_RESOLVER": PublicResolver,
            "DOWNLOADER_MIDDLEWARES": {
                Guard: 50,
                "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
                Robots: 100,
                Reservations: 110,
                Replay: 120,
                Manners: 540,
            },
        }
        process = CrawlerProcess(settings)
        process.crawl(Pages)
        process.start()
    result = Crawled(len(seen), _sorted(failed), _sorted(refused), opted_out, _sorted(met))
    half = folder / "result.json.half"
    half.write_text(json.dumps(asdict(result)), encoding="utf-8")
    half.replace(folder / "result.json")


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _host(url: str) -> str:
    """The host without scheme and port: one limit holds for all of them."""
    return (urlsplit(url).hostname or "").lower()


def _headers(response: Any) -> dict[str, str]:
    joined = {
        name: joint(name).join(value.decode("latin-1") for value in values)
        for name, values in ((name.decode("latin-1").lower(), values) for name, values in response.headers.items())
    }
    return {name: joined[name] for name in sorted(joined) if name not in ("connection", "keep-alive", "set-cookie")}


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
