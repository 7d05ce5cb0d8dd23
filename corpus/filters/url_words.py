"""FineWeb (Penedo et al. 2024): no page whose URL says that it is pornography or gambling.

One `hard` word in the host, or two different ones of the wider list anywhere in the URL. The words are a short list of
our own, and whole (in a Korean host, parts too): "sussex.ac.uk" and a review of "Casino Royale" stay. Korean form: the
Korean names of the same things, in the host, the decoded path or the query. The stock preset leaves it out, as
FineWeb's lists are not its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from datatrove.data import Document

from corpus.filters.lists import address
from corpus.filters.rule import Measure, Rule, at_most

_HARD = (
    "porn porno pornhub xvideos xnxx xhamster xxx hentai sexcam camgirls redtube youporn milf "
    "casino casinos baccarat slotgame sportstoto "
    "야동 야설 성인방송 카지노 바카라 토토사이트 먹튀검증 슬롯사이트 사설토토"
)
_SOFT = (
    "sex sexy nude nudes adult erotic escort webcam fetish betting poker slots slot gambling jackpot toto freespins "
    "섹스 성인 19금 출장안마 출장마사지 오피 토토 먹튀 슬롯 도박 베팅 배팅 놀이터추천 꽁머니"
)
HARD = frozenset(_HARD.split())
SOFT = HARD | frozenset(_SOFT.split())
_ASCII = tuple(word for word in SOFT if word.isascii())
_JOINED = tuple(word for word in HARD if not word.isascii())  # Korean hosts join words: 카지노사이트
_WORD = re.compile(r"[^\W\d_]+|\d+금")


class UrlWords(Rule):
    name = "URL words"

    def __init__(self, hard: int = 0, soft: int = 1) -> None:
        self.hard, self.soft = hard, soft

    def harmless(self, doc: Document) -> bool:
        url = unquote(doc.metadata.get("url", "")).lower()
        return "xn--" not in url and url.isascii() and not any(map(url.__contains__, _ASCII))

    def measures(self, doc: Document) -> Iterator[Measure]:
        url = doc.metadata.get("url", "")
        host = _readable(address(url)[0]) if url else ""
        hard = HARD.intersection(_WORD.findall(host)) | {word for word in _JOINED if word in host}
        yield at_most("hard", len(hard), self.hard)
        yield at_most("soft", len(SOFT.intersection(_WORD.findall(f"{host} {unquote(url).lower()}"))), self.soft)


def _readable(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host
