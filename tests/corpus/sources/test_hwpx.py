"""HWPX: paragraphs, tables, notes; what is encrypted, broken or a bomb."""

from __future__ import annotations

import zipfile

import pytest

from corpus.sources.hwpx import hwpx_rows
from corpus.sources.readers import BadRow

NAMES = 'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
PACKAGE = (
    '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:metadata><opf:title>보고서</opf:title>'
    '<opf:meta name="CreatedDate" content="text">2024-01-02T03:04:05Z</opf:meta></opf:metadata></opf:package>'
)


def p(*runs):
    return "<hp:p>" + "".join(f"<hp:run>{run}</hp:run>" for run in runs) + "<hp:linesegarray/></hp:p>"


def t(text):
    return f"<hp:t>{text}</hp:t>"


def table(*rows):
    cells = ("".join(f"<hp:tc><hp:subList>{cell}</hp:subList></hp:tc>" for cell in row) for row in rows)
    return "<hp:tbl>" + "".join(f"<hp:tr>{row}</hp:tr>" for row in cells) + "</hp:tbl>"


def hwpx(path, *sections, head="", more=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip")
        archive.writestr("Contents/content.hpf", PACKAGE)
        for number, body in enumerate(sections):
            archive.writestr(
                f"Contents/section{number}.xml", f"<?xml version='1.0'?>{head}<hs:sec {NAMES}>{body}</hs:sec>"
            )
        for name, data in more:
            archive.writestr(name, data)
    return path


def text(path):
    ((_, _, row),) = hwpx_rows([path])
    return row if isinstance(row, BadRow) else row["text"]


def test_paragraphs_tables_and_notes(tmp_path):
    body = (
        p(f"<hp:secPr/><hp:ctrl><hp:header><hp:subList>{p(t('머리말'))}</hp:subList></hp:header></hp:ctrl>", t("제목"))
        + p(t("한 문장은 "), t("두 토막<hp:tab/>이다.<hp:lineBreak/>다음 줄"))
        + p("")
        + p(
            t("각주가 있다."),
            f"<hp:ctrl><hp:footNote><hp:subList>{p(t('각주 글'))}</hp:subList></hp:footNote></hp:ctrl>",
        )
        + p(table([p(t("이름")), p(t("나이"))], [p(t("홍길동")), p(t("20"))]))
        + p(table([p(t("첫 문단이다.")) + p(t("둘째 문단이다.")) + p(table([p(t("안")), p(t("표"))]))]))
        + p(t("지운<hp:deleteBegin/> 글<hp:deleteEnd/> 끝 &lt;b&gt;"))
    )
    path = hwpx(tmp_path / "보고서.hwpx", body, p(t("둘째 구역")))
    assert text(path) == (
        "제목\n한 문장은 두 토막\t이다.\n다음 줄\n\n각주가 있다.\n각주 글\n이름\t나이\n홍길동\t20\n"
        "첫 문단이다.\n둘째 문단이다.\n안\t표\n지운 끝 <b>\n둘째 구역"
    )
    ((name, line, row),) = hwpx_rows([path])
    assert (name, line, row["id"], row["title"], row["date"]) == (
        "보고서.hwpx", 1, "보고서.hwpx", "보고서", "2024-01-02T03:04:05Z",
    )  # fmt: skip


def test_sections_come_in_the_order_of_their_numbers(tmp_path):
    assert text(hwpx(tmp_path / "a.hwpx", *(p(t(f"글{n}")) for n in range(12)))).split() == [
        f"글{n}" for n in range(12)
    ]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: hwpx(path, p(t("글")), head="<!DOCTYPE a [<!ENTITY b 'bb'>]>"), "unsafe XML"),
        (
            lambda path: hwpx(path, p(t("글")), more=[("META-INF/manifest.xml", "<m><encryption-data/></m>")]),
            "encrypted",
        ),
        (lambda path: hwpx(path, "<hp:p>" * 300 + "</hp:p>" * 300), "unsafe XML"),
        (lambda path: hwpx(path, "<hp:p>"), "broken HWPX"),
        (lambda path: hwpx(path, p(t("가" * (16 << 20)))), "grows as only a bomb does"),
        (lambda path: hwpx(path), "no section of text"),
        (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0 old hwp"), "broken HWPX"),
        (lambda path: path.write_bytes(b""), "broken HWPX"),
    ],
)
def test_what_cannot_be_read_is_a_bad_row(tmp_path, make, reason):
    make(tmp_path / "a.hwpx")
    found = text(tmp_path / "a.hwpx")
    assert isinstance(found, BadRow)
    assert found.reason == reason


def test_one_bad_file_does_not_end_the_rest(tmp_path):
    paths = [tmp_path / f"{n}.hwpx" for n in range(3)]
    hwpx(paths[0], p(t("하나")))
    paths[1].write_bytes(b"PK\x03\x04 broken")
    hwpx(paths[2], p(t("셋")))
    rows = [row for _, _, row in hwpx_rows(paths)]
    assert [row if isinstance(row, BadRow) else row["text"] for row in rows] == ["하나", BadRow("broken HWPX"), "셋"]


def test_a_deletion_may_run_on_into_the_next_run_and_paragraph(tmp_path):
    body = p(t('가<hp:deleteBegin Id="1"/>지움'), t('지움<hp:deleteEnd Id="1"/>나')) + p(t("다<hp:deleteBegin/>지움"))
    body += p(t("지움"), t("지움<hp:tab/>지움<hp:deleteEnd/>라"))
    assert text(hwpx(tmp_path / "a.hwpx", body)) == "가나\n다\n라"
    crossed = '가<hp:deleteBegin Id="1"/>지<hp:deleteBegin Id="2"/>움<hp:deleteEnd Id="1"/>글<hp:deleteEnd Id="2"/>라'
    assert text(hwpx(tmp_path / "b.hwpx", p(t(crossed)))) == "가라"
    endless = p(t('넷<hp:deleteBegin Id="3"/>째')) + p(t("다섯"))
    assert text(hwpx(tmp_path / "c.hwpx", endless)) == "넷째\n다섯"


def test_captions_glosses_and_characters_laid_over_another(tmp_path):
    inner = "<hp:caption side='{}'><hp:subList>" + p(t("표 1. 제목")) + "</hp:subList></hp:caption>"
    row = "<hp:tr><hp:tc><hp:subList>" + p(t("값")) + "</hp:subList></hp:tc></hp:tr>"
    for side, lines in (("TOP", "표 1. 제목\n값"), ("BOTTOM", "값\n표 1. 제목")):
        body = p(f"<hp:tbl>{inner.format(side)}{row}</hp:tbl>")
        assert text(hwpx(tmp_path / f"{side}.hwpx", body)) == lines
    gloss = "<hp:dutmal><hp:mainText>본말</hp:mainText><hp:subText>덧말</hp:subText></hp:dutmal>"
    assert text(hwpx(tmp_path / "b.hwpx", p('<hp:compose composeText="①"/>', gloss, t("이 있다.")))) == "①본말이 있다."
