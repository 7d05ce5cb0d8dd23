from __future__ import annotations

import pytest

from corpus.text.language import by_line, hangul_share, identify, keep_lines
from tests.toys import paragraphs


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("국립도서관은 해마다 보고서를 펴낸다.", "ko"),
        ("ㅋㅋㅋㅋ", "ko"),
        ("ㅋㅋㅋㅋㅋ ㅠㅠ", "ko"),
        ("for (int i = 0; i < n; i++) { sum += a[i]; }  // 배열의 합을 구하는 반복문입니다", "ko"),
        ("The committee published its report on the state of the libraries in spring.", "en"),
        ("国立図書館は毎年、利用者のための報告書を出版している。誰でも読むことができます。", "ja"),
        ("国立图书馆每年为读者出版一份报告,任何人都可以阅读。", "zh"),
        ("日本語の説明文に「안녕」という韓国語の単語がひとつだけ出てくるページです。", "ja"),
    ],
)
def test_identify(text, lang):
    found = identify(text)
    assert found.lang == lang and 0 < found.probability <= 1


def test_ordinary_text_is_sure():
    for lang in ("ko", "en"):
        for text in paragraphs(lang, 5):
            found = identify(text)
            assert found.lang == lang and found.probability > 0.5


def test_a_manual_that_is_mostly_code_stays_korean():
    code = "\n".join(f"const value{n} = await fetchValue({n}, options);" for n in range(5))
    text = f"{code}\n이 예제는 값을 차례로 가져온 다음 화면에 출력합니다. 결과는 배열에 담깁니다.\n" * 2
    assert 0.25 < hangul_share(text) < 0.5
    assert identify(text).lang == "ko"


def test_english_between_code_is_judged_by_its_sentences():
    prose = "This command prints the names of all files that were changed since the last release of the package.\n"
    assert identify(prose * 3 + "`tar -xzf {{x}} --zq`\n" * 40).probability > 0.5


def test_no_letters_no_language():
    assert identify("12,345 --- 67%") == identify("")
    assert identify("").lang == "und" and identify("").probability == 0


def test_the_share_of_hangul_is_by_bytes():
    assert hangul_share("가abc") == pytest.approx(0.5)
    assert hangul_share("abc") == 0 and hangul_share("") == 0
    assert hangul_share("ㅋㅋ") == 1


LINES = {
    "국립도서관은 해마다 보고서를 펴낸다.": "ko",
    "`std::vector`는 배열을 대신한다.": "ko",
    "": "",
    "1,024 --- 37%": "",
    "The committee published its report on the state of the libraries in spring.": "en",
    "Der Ausschuss hat im Frühjahr seinen Bericht über den Zustand der Bibliotheken veröffentlicht.": "de",
    "国立図書館は毎年、利用者のための報告書を出版している。": "ja",
    "學而時習之 不亦說乎": "zh",
    "Visual Studio 2022": "latin",
    "std::vector<int> values = {1, 2, 3};": "code",
    "$ git commit -m 'fix' && git push": "code",
}


def test_each_line_has_a_language():
    text = "\n".join(LINES)
    assert [lang for lang, _ in by_line(text)] == list(LINES.values())
    assert sum(size for _, size in by_line(text)) + text.count("\n") == len(text.encode())


def test_lines_in_a_third_language_can_go_and_code_mixed_text_stays():
    text = "\n".join(LINES)
    kept, lost, langs = keep_lines(text, by_line(text), "ko")
    assert {lang for lang, _ in langs} == {"ko", "", "en", "zh", "latin", "code"}
    assert set(text.split("\n")) - set(kept.split("\n")) == {
        line for line, lang in LINES.items() if lang in ("de", "ja")
    }
    assert lost == len(text.encode()) - len(kept.encode())
    assert keep_lines(kept, by_line(kept), "ko")[0] is kept
    assert "Ausschuss" in keep_lines(text, by_line(text), "de")[0]


@pytest.mark.data
def test_code_mixed_documentation_stays_korean(data):
    """Korean manuals full of code, as published: the whole of them, and no line of code taken for a third language."""
    import gzip
    import json

    wrong = lines = 0
    for name in ("ko_react", "ko_typescript", "ko_jsinfo"):
        with gzip.open(data / f"corpus_ko/{name}/{name}.jsonl.gz", "rt") as file:
            texts = [json.loads(line)["text"] for line in file][:60]
        wrong += sum(identify(text).lang != "ko" for text in texts if hangul_share(text) >= 0.15)
        for text in texts:
            langs = [lang for lang, _ in by_line(text)]
            lines += len(langs)
            wrong += sum(lang not in ("", "ko", "en", "code", "latin", "und", "zh") for lang in langs)
    assert lines > 20_000 and wrong < 0.002 * lines
