"""Bytes of files on a server of archives: ranges, small files whole, large files with resume.

Nothing is believed: status, Content-Range and length must be what was asked for, redirects are not followed (a server
cannot send us elsewhere, least of all to a private address), and what comes cut off or wrong is asked for again.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from corpus.web.polite import Host, Manners, Refused
from pipeline.artifact import write_json
from pipeline.errors import InputError, Interrupted

AGENT = "malmoi/0.1 (reads public web archives for Korean language models)"
THREADS = 4  # requests under way at once; the pace of the host holds for all of them together
TIMEOUT = (20.0, 60.0)  # seconds to connect, seconds between two bytes
BLOCK = 1 << 20
PIECE = 16 << 20  # bytes asked for at once; a break costs no more than this
GAP = 64 << 10  # bytes between two ranges below which one request reads both
SMALL = 256 << 20  # bytes a list of paths may have
TROUBLE = (403, 408, 429, 500, 502, 503, 504)
NOWHERE = (400, 404, 410, 414)  # 400 and 414: a name that no file of the host can have
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
Answer = TypeVar("Answer")


class Gone(Exception):
    """The server has no such file or range; the message is the reason counted."""


class Broken(Exception):
    """An answer that is not what was asked for; worth another try."""


def below(base: str, path: str) -> str:
    """The URL of `path` below `base`. Raises InputError for a path that leads elsewhere."""
    path = path.removeprefix(base.rstrip("/") + "/")
    parts = path.split("/")
    if (
        not path
        or "://" in path
        or any(unquote(part) in ("", ".", "..") for part in parts)
        or re.search(r"[\s\\\x00-\x1f]", path)
    ):
        raise InputError(f"{path[:200]!r} is no path below {base}")
    return f"{base.rstrip('/')}/{quote(path, safe='/=+,@:%~')}"


class Client:
    """Asks servers for bytes, at their pace, as often as it must. Safe for several threads.

    Every call raises Gone for what is not there, Refused (exit 4) where the host does not serve it in the end,
    InputError for an answer that no retry changes, and Interrupted once `stop()` was called.
    """

    def __init__(self, cache: Path, habits: Manners, seed: int = 0) -> None:
        self.seen: Counter[str] = Counter()  # requests, bytes, retries, waited_ms: provenance, never metrics
        self._folder = cache / "hosts"
        self._seed, self._habits = seed, habits
        self._stop = threading.Event()
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()
        self._own = threading.local()

    def stop(self) -> None:
        self._stop.set()

    def read(self, url: str, begin: int, end: int) -> bytes:
        """Bytes `begin` to `end` (not included) of a file, all of them."""
        parts = [self._piece(url, at, min(end, at + PIECE))[0] for at in range(begin, end, PIECE)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def size(self, url: str) -> int:
        """The length of a file in bytes."""
        return self._piece(url, 0, 1)[1]

    def small(self, url: str, limit: int = SMALL) -> bytes:
        """A file whole, of at most `limit` bytes."""
        size = self.size(url)
        if size > limit:
            raise InputError(f"{url} has {size} bytes, more than a list of paths has")
        return self.read(url, 0, size)

    def download(self, url: str, path: Path, tick: Callable[[int, int], None] = lambda done, size: None) -> None:
        """A file whole into `path`, going on where an earlier try was cut off; `path` appears when it is complete.

        A file that changed in between (another ETag or length) is begun anew.
        """
        half, note = path.with_name(f"{path.name}.half"), path.with_name(f"{path.name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            known = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = None
        _, size, etag = self._piece(url, 0, 1)
        if known != [url, size, etag]:
            half.unlink(missing_ok=True)
            write_json(note, [url, size, etag])
        with half.open("ab") as file:
            at = file.tell()
            if at > size:
                at = file.truncate(0)
            while at < size:
                tick(at, size)
                data, now, mark = self._piece(url, at, min(size, at + PIECE))
                if (now, mark) != (size, etag):
                    note.unlink()
                    raise Refused(f"{url} changed while it was read; the same command begins it anew")
                file.write(data)
                file.flush()
                at += len(data)
        half.replace(path)
        note.unlink()

    def _piece(self, url: str, begin: int, end: int) -> tuple[bytes, int, str]:
        """One range, the file's size and its ETag."""
        host = self._host(url)
        request = f"{url}@{begin}"
        problem = ""
        for tried in range(1, self._habits.tries + 1):
            sent = host.turn()
            self._count("requests", 1)
            try:
                found = self._once(url, begin, end, host, sent, request)
            except Broken as error:
                problem = str(error)
                self._count("retries", 1)
                if tried < self._habits.tries:
                    host.pause(request, tried)
                continue
            if isinstance(found, int):
                problem = f"answers {found}"
                self._count("retries", 1)
                continue
            host.served()
            self._count("bytes", len(found[0]))
            return found
        raise Refused(f"{host.name} {problem}, {self._habits.tries} times ({urlsplit(url).path})")

    def _once(
        self, url: str, begin: int, end: int, host: Host, sent: float, request: str
    ) -> tuple[bytes, int, str] | int:
        """One try: the bytes, or the status of a host in trouble (which the host has been told)."""
        import requests
        from urllib3.exceptions import HTTPError

        headers = {"Range": f"bytes={begin}-{end - 1}", "Accept-Encoding": "identity", "User-Agent": AGENT}
        try:
            with self._session().get(
                url, headers=headers, stream=True, allow_redirects=False, timeout=TIMEOUT
            ) as answer:
                status: int = answer.status_code
                if status in TROUBLE:
                    host.refused(sent, status, answer.headers.get("Retry-After", ""), request)
                    return status
                if status in NOWHERE:
                    raise Gone(f"status {status}")
                if status == 416:
                    raise Gone("outside the file")
                if status == 200:
                    return _whole(answer, begin, end)
                if status != 206:
                    raise InputError(f"{url} answers {status}, which is not followed")
                start, stop, size = _promised(answer.headers.get("Content-Range", ""))
                if size < end:
                    raise Gone("outside the file")
                if (start, stop) != (begin, end - 1):
                    raise Broken(f"answers with bytes {start}-{stop} to a request for {begin}-{end - 1}")
                return self._body(answer, end - begin), size, answer.headers.get("ETag", "")
        except requests.exceptions.InvalidURL as error:
            raise InputError(f"{url} is no URL: {error}") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Broken(f"cannot be read ({type(error).__name__})") from None

    def _body(self, answer: Any, size: int) -> bytes:
        parts, held = list[bytes](), 0
        while held <= size and (part := answer.raw.read(BLOCK, decode_content=False)):
            parts.append(part)
            held += len(part)
            if self._stop.is_set():
                raise Interrupted("the fetch was asked to stop")
        if held != size:
            raise Broken(f"sends {'more than' if held > size else f'{held} of'} {size} bytes")
        return b"".join(parts)

    def _session(self) -> Any:
        import requests

        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
        return self._own.session

    def _host(self, url: str) -> Host:
        name = urlsplit(url).netloc.lower()
        with self._lock:
            if name not in self._hosts:
                self._hosts[name] = Host(name, self._folder, self._habits, self._seed, self._stop, self.seen)
            return self._hosts[name]

    def _count(self, name: str, number: int) -> None:
        with self._lock:
            self.seen[name] += number

    def each(
        self, calls: Sequence[Callable[[], Answer]], tick: Callable[[], None] = lambda: None
    ) -> Iterator[Answer | Gone]:
        """The answers of `calls`, in order, a few under way at once; Gone is handed out as an answer.

        `tick` is called now and then and may raise to stop; then, or where a call raises, all the others end too.
        """
        if len(calls) < 2:
            yield from (_or_gone(call) for call in calls)
            return
        with ThreadPoolExecutor(min(THREADS, len(calls))) as pool:
            futures: list[Future[Answer | Gone]] = [pool.submit(_or_gone, call) for call in calls]
            try:
                waiting = set(futures)
                while waiting:
                    tick()
                    done, waiting = wait(waiting, timeout=0.25, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
            except BaseException:
                self.stop()
                for future in futures:
                    future.cancel()
                raise
            yield from (future.result() for future in futures)


def _or_gone(call: Callable[[], Answer]) -> Answer | Gone:
    try:
        return call()
    except Gone as gone:
        return gone


def _promised(text: str) -> tuple[int, int, int]:
    found = RANGE.fullmatch(text.strip())
    if found is None:
        raise Broken(f"names no range ({text[:60]!r})")
    return int(found[1]), int(found[2]), int(found[3])


def _whole(answer: Any, begin: int, end: int) -> tuple[bytes, int, str]:
    """A range out of an answer that ignores ranges: only where the file is empty is that one and the same."""
    if answer.headers.get("Content-Length") == "0":
        return b"", 0, answer.headers.get("ETag", "")
    raise Broken(f"answers a request for bytes {begin}-{end - 1} with the whole file")


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if joined and begin - joined[-1][1] <= GAP:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


class RemoteFile(io.RawIOBase):
    """A file on a server, to be read by what wants a file; ranges named to `fetch` beforehand are read at once."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.length = client.size(url)
        self._at = 0
        self._held: list[tuple[int, bytes]] = []

    def fetch(self, ranges: list[tuple[int, int]], tick: Callable[[], None]) -> None:
        """Read these ranges, a few at once, in the place of those held before; near ones by one request."""
        ranges = _joined(ranges)
        pieces = [(at, min(end, at + PIECE)) for begin, end in ranges for at in range(begin, end, PIECE)]
        calls = [partial(self.client.read, self.url, *piece) for piece in pieces]
        answers = list(self.client.each(calls, tick))
        parts: dict[int, bytes] = {}
        for (begin, _), answer in zip(pieces, answers, strict=True):
            if isinstance(answer, Gone):
                raise InputError(f"{self.url}: {answer}")
            parts[begin] = answer
        self._held = [(begin, b"".join(parts[at] for at in range(begin, end, PIECE))) for begin, end in ranges]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.length}[whence]
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self.length if size is None or size < 0 else min(self.length, self._at + size)
        begin, self._at = self._at, max(self._at, end)
        if begin >= end:
            return b""
        for start, data in self._held:
            if start <= begin and end <= start + len(data):
                return data[begin - start : end - start]
        try:
            return self.client.read(self.url, begin, end)
        except Gone as gone:
            raise InputError(f"{self.url}: {gone}") from None
