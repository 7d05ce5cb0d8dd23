from __future__ import annotations

import pytest

from corpus.language import hangul_share, identify
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
