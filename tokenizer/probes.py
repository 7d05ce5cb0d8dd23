"""Built-in text that every base is tried on: prose, code, other scripts, and what breaks tokenizers.

Two sets: `unchanged()` holds no Hangul syllable, so that an extension must not change a single id in it;
`round_trip()` holds Hangul in every form beside it, and must come back as it went in.
"""

from __future__ import annotations

import random
import unicodedata

PROSE = [
    "The quick brown fox jumps over the lazy dog; it was 3.14159 miles away, wasn't it?",
    "In 1887, about 1,024 letters (37%) were lost — “nobody knows why”, she said…",
    "naïve café résumé Ærøskøbing Straße İstanbul ĄĘŁ",
    "https://example.org/path?query=1&other=%20#fragment <user@example.org>",
    "  leading spaces,\ttabs,\r\nand  double  spaces   \n\n\n",
]
CODE = [
    "def total(values: list[int]) -> int:\n    return sum(v ** 2 for v in values if v % 3 != 0)  # squares\n",
    "for (int i = 0; i < n; ++i) {\n\tif (a[i] >= b[i]) { std::swap(a[i], b[i]); }\n}\n",
    '{"key": [1, 2.5e-3, null, true], "nested": {"\\u00e9": "x\\n"}}',
    "SELECT id, COUNT(*) FROM t WHERE name LIKE '%o\\'x%' GROUP BY 1 ORDER BY 2 DESC;",
    "<div class=\"a b\"><a href='#'>x &amp; y</a></div><!-- ok -->",
    "git log --oneline | awk '{print $1}' | xargs -n1 echo >> /tmp/out.txt",
]
SCRIPTS = [
    "敏捷的棕色狐狸跳过了懒狗。大韓民國 漢字 訓民正音",
    "いろはにほへと チリヌルヲ ｶﾀｶﾅ",
    "Съешь же ещё этих мягких французских булок",
    "نص حكيم له سر قاطع",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "ꀀꀁꀂ ꔀꔁꔂ ꦀꦁ ꯀꯁ ꬁꬂ",  # scripts whose bytes begin with EA, as Hangul's first rows do
    "🙂 👩‍👩‍👧‍👦 🇰🇷 ✈️ 👍🏽",
    "\x00\x01\x07\x1b[0m\x7f\u200b\ufeff\u2028 \u00a0",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋ ≤ x² ÷ ½",
]
RANGES = [(0x20, 0x24FF), (0x2500, 0xFFFD), (0x1F300, 0x1FAFF)]  # where generated characters come from
HANGUL = [
    "한국어를 배우는 사람이 늘고 있습니다.",
    "안녕하세요,반갑습니다!! ㅋㅋㅋㅋ ㅠㅠ ㅏㅑㅓㅕ",
    "API를 호출하면 JSON이 반환됩니다(예: `GET /v1/문서`).",
    "大韓民國은 민주공화국이다. 訓民正音 해례본",
    "뷁 쀍 힣 가 각 똠방각하 펲시콜라",
    "한글  두 칸\t탭\n줄바꿈 한글🙂이모지👩‍👩‍👧 끝",
    "ᄒᆞᆫ글 나랏말ᄊᆞ미 中듕國귁에 달아",
    "ｈａｌｆ ﾡﾢﾣ ㈀ ㉠ ① 2026년 11월 21일",
]


def unchanged(seed: int = 0, generated: int = 200) -> list[str]:
    """Text without a Hangul syllable: the lists above and `generated` random strings of ASCII, words and Unicode."""
    choose = random.Random(seed)
    words = " ".join(PROSE + CODE).split()
    texts = [*PROSE, *CODE, *SCRIPTS]
    for number in range(generated):
        if number % 3 == 0:
            texts.append("".join(chr(choose.randint(9, 126)) for _ in range(choose.randint(1, 80))))
        elif number % 3 == 1:
            texts.append(" ".join(choose.choice(words) for _ in range(choose.randint(1, 30))))
        else:
            texts.append("".join(_character(choose) for _ in range(choose.randint(1, 30))))
    return texts


def round_trip(seed: int = 0, generated: int = 100) -> list[str]:
    """Hangul composed and decomposed, beside every other script, and random mixtures."""
    choose = random.Random(seed)
    texts = [*HANGUL, *(unicodedata.normalize("NFD", text) for text in HANGUL[:4])]
    pool = [*HANGUL, *SCRIPTS, *CODE]
    for _ in range(generated):
        texts.append("".join(_cut(choose, choose.choice(pool)) for _ in range(choose.randint(1, 6))))
    return texts


def _cut(choose: random.Random, text: str) -> str:
    start = choose.randrange(len(text))
    return text[start : start + choose.randint(1, 12)]


def _character(choose: random.Random) -> str:
    """Any assigned character but a Hangul syllable, a surrogate, or one for private use."""
    while True:
        found = chr(
            choose.choice(
                (choose.randint(0x20, 0x24FF), choose.randint(0x2500, 0xFFFD), choose.randint(0x1F300, 0x1FAFF))
            )
        )
        if not "가" <= found <= "힣" and unicodedata.category(found) not in ("Cn", "Cs", "Co"):
            return found
