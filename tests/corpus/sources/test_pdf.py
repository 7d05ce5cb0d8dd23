"""PDF: lines put together again, and files that cannot be read. Their text is set with a font of one glyph per code."""

from __future__ import annotations

import importlib.util
import os

import pytest

from corpus.config import Crawl, Source
from corpus.sources import pdf
from corpus.sources.pdf import joined, pdf_rows
from corpus.sources.readers import BadRow
from pipeline.config import Run
from pipeline.errors import ConfigError

WIDE = "가나다라마바사아자차카타파하 거너더러머버서"


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([f"{WIDE}이 문장은 \n이어진다."], f"{WIDE}이 문장은 이어진다."),
        ([f"{WIDE}이 문\n장은 {WIDE} 하고 \n이어진다."], f"{WIDE}이 문장은 {WIDE} 하고 이어진다."),
        ([f"{WIDE}이 문장은\n이어진다."], f"{WIDE}이 문장은 이어진다."),
        ([f"{WIDE}이 끝났다.\n다음 문장이다."], f"{WIDE}이 끝났다.\n다음 문장이다."),
        ([f"제1장 총칙\n{WIDE}은 이어진다."], f"제1장 총칙\n{WIDE}은 이어진다."),
        ([f"{WIDE}에 관한\n제2조 다른 조항"], f"{WIDE}에 관한\n제2조 다른 조항"),
        ([f"{WIDE}에 관한\n1. 항목"], f"{WIDE}에 관한\n1. 항목"),
        ([f"{WIDE} 쪽을 넘어\n- 1 -", "2\n이어진다."], f"{WIDE} 쪽을 넘어 이어진다."),
        (["가\n\n\n\n나", "", "다"], "가\n\n나\n다"),
        ([], ""),
    ],
)
def test_lines_are_joined_where_a_sentence_goes_on(pages, text):
    assert joined(pages) == text


def write(path, *pages, title=""):
    """A PDF whose text is set with a Type0 font and a map from its codes to Unicode."""
    used = sorted({one for page in pages for one in page if one != "\n"})
    codes = {one: number for number, one in enumerate(used, 1)}
    pairs = "\n".join(f"<{code:04x}> <{one.encode('utf-16-be').hex()}>" for one, code in codes.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange "
        f"<0000> <ffff> endcodespacerange {len(codes)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
    )
    kids = " ".join(f"{7 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Own /Encoding /Identity-H /DescendantFonts [4 0 R] "
        "/ToUnicode 5 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Own /DW 1000 /CIDSystemInfo << /Registry (Adobe) "
        "/Ordering (Identity) /Supplement 0 >> >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>",
    ]  # fmt: skip
    for number, page in enumerate(pages):
        shown = " ".join(f"<{''.join(f'{codes[one]:04x}' for one in line)}> Tj 0 -20 Td" for line in page.split("\n"))
        body = f"BT /F 12 Tf 50 750 Td {shown} ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {8 + 2 * number} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>",
            f"<< /Length {len(body)} >>\nstream\n{body}\nendstream",
        ]
    data, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    data += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{data.index('xref')}\n%%EOF"
    path.write_bytes(data.encode("ascii"))
    return path


needs_pypdf = pytest.mark.skipif(importlib.util.find_spec("pypdf") is None, reason="the extra pdf is not installed")


@needs_pypdf
def test_files_become_documents_and_bad_ones_bad_rows(tmp_path):
    from pypdf import PdfReader, PdfWriter

    good = write(
        tmp_path / "a.pdf", f"제1장 총칙\n{WIDE}은 쪽을 \n넘어 {WIDE} 다음 \n- 1 -", "쪽으로 이어진다.", title="규정"
    )
    writer = PdfWriter(clone_from=PdfReader(good))
    writer.encrypt("secret")
    writer.write(tmp_path / "b.pdf")
    (tmp_path / "c.pdf").write_bytes(good.read_bytes()[:300])
    (tmp_path / "d.pdf").write_bytes(b"no pdf at all")
    rows = [row for _, _, row in pdf_rows([tmp_path / f"{name}.pdf" for name in "abcd"])]
    assert rows[0]["title"] == "규정" and rows[0]["pages"] == 2 and rows[0]["id"] == "a.pdf"
    assert rows[0]["text"] == f"제1장 총칙\n{WIDE}은 쪽을 넘어 {WIDE} 다음 쪽으로 이어진다."
    assert rows[1:] == [BadRow("encrypted"), BadRow("broken PDF"), BadRow("broken PDF")]


def hang(_alive):
    def read(path):
        while True:
            os.getpid()

    return read


def test_a_file_that_hangs_the_reader_is_one_bad_row(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "reader", hang)
    monkeypatch.setattr(pdf, "check", lambda: None)
    (tmp_path / "a.pdf").touch()
    assert [row for _, _, row in pdf_rows([tmp_path / "a.pdf"], seconds=0.3)] == [BadRow("takes too long")]
    monkeypatch.setattr(pdf, "FILE_LIMIT", -1)
    assert [row for _, _, row in pdf_rows([tmp_path / "a.pdf"])] == [BadRow("file too large")]


def test_without_the_extra_the_configuration_is_refused(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'malmoi\[pdf\]'") as caught:
        Crawl(sources={"s": Source(pdf="a.pdf")}).check(Run())
    assert caught.value.code == 2
