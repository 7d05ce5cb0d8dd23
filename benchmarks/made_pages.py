"""Pages of about 90 KB for the speed benchmarks, MADE from real parts, as one WARC file.

No public collection of whole Korean web pages may be copied, so real text is poured into real pages: the paragraphs of
news pages (article_extraction_benchmark: scripts, styles, menus, comments as they are) give way to Korean or English
documents of the development corpora, and the menus of Korean pages to Korean menu words. One Korean page in twenty is a
whole real one (the Apache manual in EUC-KR, LibreOffice's help). One English page in twenty has a language menu with
the word 한국어 in it.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import random
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

SIZES = (40_000, 170_000)  # bytes of the real pages taken as templates: their mean is about 90 KB
KOREAN = ("corpus_ko/ko_petitions", "corpus_ko/ko_boddari", "corpus_ko/ko_statutes", "corpus_ko/ko_react")
ENGLISH = ("corpus_en/en_ms_cpp", "corpus_en/en_wikitext2", "corpus_en/en_react", "corpus_en/en_c4_demo")
LONGEST = 12_000  # characters of a document that go into a page
SHORTEST = 150
PARAGRAPH = 60  # characters of a run of text from which it is taken for the article's own
CP949_SHARE = 0.15
WHOLE_SHARE = 0.05
MENU_SHARE = 0.05
_MENU = (
    "홈 뉴스 정치 경제 사회 문화 연예 스포츠 로그인 회원가입 전체메뉴 검색 구독하기 고객센터 이용약관 개인정보처리방침 "
    "기사제보 광고문의 사이트맵 많이 본 뉴스 댓글 공유하기 인쇄 목록 이전글 다음글 더보기 관련기사 오늘의 운세 부동산 "
    "증권 세계 지역 사설 칼럼 포토 동영상 날씨 회사소개 제휴문의 공지사항 저작권 안내 이메일무단수집거부"
)
MENU_WORDS = _MENU.split()
LANGUAGES = '<ul class="langs"><li><a href="/en">English</a></li><li><a href="/ko">한국어</a></li></ul>'

_PARTS = re.compile(
    r"(<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->|<p\b[^>]*>(?:(?!<p\b|<div\b|<script\b).)*?</p>|<[^>]*>)",
    re.DOTALL | re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"(<p\b[^>]*>)(.*)</p>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_ARTICLE_BODY = re.compile(r'("articleBody"\s*:\s*)"(?:[^"\\]|\\.)*"')
_TITLE = re.compile(r"<title[^>]*>.*?</title>", re.DOTALL | re.IGNORECASE)


def templates(data: Path) -> list[str]:
    """The real pages of a middling size."""
    folder = data / "html/article_extraction_benchmark/article_extraction_benchmark.tar.gz"
    found = []
    with tarfile.open(folder) as archive:
        for member in sorted(archive.getmembers(), key=lambda one: one.name):
            if member.name.endswith(".html.gz") and (file := archive.extractfile(member)) is not None:
                page = gzip.decompress(file.read())
                if SIZES[0] <= len(page) <= SIZES[1]:
                    found.append(page.decode("utf-8", "replace"))
    return found


def documents(data: Path, folders: tuple[str, ...], choose: random.Random) -> list[str]:
    """The texts of corpora, shuffled."""
    found = []
    for folder in folders:
        for path in sorted((data / folder).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                found += [text[:LONGEST] for line in file if len(text := json.loads(line)["text"]) >= SHORTEST]
    choose.shuffle(found)
    return found


def whole_pages(data: Path) -> list[tuple[bytes, str]]:
    """(body, Content-Type) of real Korean pages."""
    found = []
    for name in ("apache_manual_euckr", "libreoffice_help_ko_sample"):
        with tarfile.open(data / f"html/{name}/{name}.tar.gz") as archive:
            for member in sorted(archive.getmembers(), key=lambda one: one.name):
                if not member.isfile() or ".html" not in member.name or "/en/" in member.name:
                    continue
                if name.startswith("apache") and not member.name.endswith("euc-kr"):
                    continue
                file = archive.extractfile(member)
                assert file is not None
                kind = "text/html; charset=EUC-KR" if name.startswith("apache") else "text/html"
                found.append((file.read(), kind))
    return found


def pour(template: str, text: str, lang: str, choose: random.Random) -> str:
    """A template with another article in it; its long runs of text give way, in Korean the short ones too."""
    paragraphs = [html.escape(line, quote=False) for line in text.split("\n") if line.strip()]
    title, left = paragraphs[0], list(reversed(paragraphs))
    parts = _PARTS.split(template)
    shapes = ["{}" if number % 2 == 0 else "" for number in range(len(parts))]
    for number in range(1, len(parts), 2):
        if (found := _PARAGRAPH.fullmatch(parts[number])) is not None:  # with the links and emphasis in it
            shapes[number] = f"{found[1]}{{}}</p>"
            parts[number] = _TAG.sub("", found[2])
    slots = [number for number, shape in enumerate(shapes) if shape and len(parts[number].strip()) >= PARAGRAPH]
    for number, (run, shape) in enumerate(zip(parts, shapes, strict=True)):
        if not shape:
            continue
        if slots and number == slots[-1]:
            run = "</p>\n<p>".join(reversed(left))
        elif number in slots:
            run = left.pop() if left else ""
        elif number % 2:
            run = ""  # a line of the other article
        elif lang == "ko" and any(map(str.isalpha, run)) and choose.random() < 0.85:
            run = " ".join(choose.sample(MENU_WORDS, max(1, min(6, len(run.split())))))
        parts[number] = shape.replace("{}", run)
    page = "".join(parts)
    body = json.dumps(text, ensure_ascii=False).replace("\\", "\\\\")
    page = _ARTICLE_BODY.sub(rf"\1{body}", page)
    page = _TITLE.sub(lambda _: f"<title>{title}</title>", page, count=1)
    if lang == "en" and choose.random() < MENU_SHARE:
        page = page.replace("</body>", LANGUAGES + "</body>", 1)
    return page


def pages(data: Path, count: int, korean: float, seed: int = 0) -> Iterator[tuple[str, bytes, str]]:
    """(url, body, Content-Type): exactly round(count * korean) Korean pages, spread evenly by chance."""
    choose = random.Random(f"pages-{seed}")
    forms = templates(data)
    texts = {"ko": documents(data, KOREAN, choose), "en": documents(data, ENGLISH, choose)}
    whole = whole_pages(data)
    choose.shuffle(whole)
    langs = ["ko"] * round(count * korean)
    langs += ["en"] * (count - len(langs))
    choose.shuffle(langs)
    used = {"ko": 0, "en": 0}
    for number, lang in enumerate(langs):
        url = f"http://{lang}{number % 97}.example/page/{number:05d}.html"
        if lang == "ko" and choose.random() < WHOLE_SHARE:
            body, kind = whole[number % len(whole)]
            yield f"{url}?whole", body, kind
            continue
        text = texts[lang][used[lang] % len(texts[lang])]
        used[lang] += 1
        page = pour(choose.choice(forms), text, lang, choose)
        if lang == "ko" and choose.random() < CP949_SHARE:
            said = re.sub(r"(?i)(charset\s*=\s*[\"']?)utf-?8", r"\1euc-kr", page)
            header = choose.choice(["text/html; charset=euc-kr", "text/html"])
            yield url, said.encode("cp949", "xmlcharrefreplace"), header
        else:
            yield url, page.encode("utf-8"), choose.choice(["text/html; charset=UTF-8", "text/html"])


def write(path: Path, data: Path, count: int, korean: float, seed: int = 0) -> dict[str, float]:
    """Write the WARC file as Common Crawl does (gzip members, the payload's type identified); what is in it."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    size = number = 0
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, body, kind in pages(data, count, korean, seed):
            head = StatusAndHeaders(
                "200 OK",
                [("Content-Type", kind), ("Server", "nginx"), ("Cache-Control", "max-age=60"), ("Vary", "Accept"),
                 ("X-Crawler-Content-Length", str(len(body))), ("Content-Length", str(len(body)))],
                protocol="HTTP/1.1",
            )  # fmt: skip
            more = {"WARC-Date": "2024-05-18T01:02:03Z", "WARC-Identified-Payload-Type": "text/html"}
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload=io.BytesIO(body), http_headers=head, warc_headers_dict=more
                )
            )
            size += len(body)
            number += 1
    return {"pages": number, "mean_bytes": round(size / max(1, number)), "warc_bytes": path.stat().st_size}
