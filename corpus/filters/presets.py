"""The presets' thresholds: rule -> option -> value, in the order in which the rules are asked, cheap ones first.

`STOCK` is each rule's published form, for English. `FINEWEB2` is FineWeb-2's form for Korean (Penedo et al. 2025:
configs/kor_Hang.yml and the pipeline of huggingface/fineweb-2, Apache-2.0), its figures held against eojeol where the
publisher counts the morphemes that Kiwi finds. `KOREAN` judges Korean documents, `OTHER` the documents of other
languages that a Korean run replays: the published numbers, with code left out of the count. `STRICT` and `STRICT_OTHER`
want running text of several sentences that hardly repeats itself. Every table names every rule and option.
"""

from __future__ import annotations

from typing import Any

Table = dict[str, dict[str, Any]]

STOCK: Table = {
    "url_lists": {"block": [], "allow": [], "only": False},
    "url_words": {"enabled": False, "hard": 0, "soft": 1},
    "word_count": {"low": 50, "high": 100_000, "korean": False},
    "mean_word_length": {"low": 3.0, "high": 10.0, "korean": False, "longest": 0},
    "symbol_ratio": {"hashes": 0.1, "ellipses": 0.1, "inline": False, "korean": False},
    "bullet_lines": {"high": 0.9, "korean": False},
    "ellipsis_lines": {"high": 0.3, "few": 1, "korean": False},
    "alphabetic_words": {"low": 0.8, "marks": True},
    "stop_words": {"low": 2, "korean": False},
    "hangul_share": {"enabled": False, "low": 0.2},
    "jamo_share": {"enabled": False, "high": 0.2},
    "mojibake": {"enabled": False, "replacements": 0.002, "latin": 0.01, "syllables": 0.05},
    "boilerplate_lines": {"enabled": False, "high": 0.3},
    "lorem_ipsum": {"high": 0},
    "curly_bracket": {"high": 0},
    "terminal_lines": {"low": 0.12, "low_characters": 1.0, "prose": False, "endings": "stock", "running": 0},
    "short_lines": {"high": 0.67, "length": 30, "prose": False, "korean": False},
    "newline_ratio": {"high": 0.3, "prose": False, "korean": False},
    "duplicate_lines": {"share": 0.3, "characters": 0.2, "shortest": 0, "prose": False, "few": 1},
    "duplicate_paragraphs": {"share": 0.3, "characters": 0.2, "shortest": 0, "prose": False},
    "top_ngrams": {"n2": 0.2, "n3": 0.18, "n4": 0.16, "prose": False, "few": 2},
    "duplicate_ngrams": {"n5": 0.15, "n6": 0.14, "n7": 0.13, "n8": 0.12, "n9": 0.11, "n10": 0.1, "prose": False},
    "bad_words": {"words": [], "share": 1.0},
    "c4_lines": {
        "terminal": True, "endings": "stock", "words": 3, "longest": 1000, "javascript": True, "policy": True,
    },
    "sentence_count": {"low": 5, "endings": "stock", "running": 0},
}  # fmt: skip

KOREAN: Table = {
    "url_lists": {"block": [], "allow": [], "only": False},
    "url_words": {"hard": 0, "soft": 1},
    "word_count": {"low": 20, "high": 100_000, "korean": True},
    "mean_word_length": {"low": 1.5, "high": 10.0, "korean": True, "longest": 0},
    "symbol_ratio": {"hashes": 0.1, "ellipses": 0.1, "inline": True, "korean": True},
    "bullet_lines": {"high": 0.9, "korean": True},
    "ellipsis_lines": {"high": 0.3, "few": 3, "korean": True},
    "alphabetic_words": {"low": 0.6, "marks": False},
    "stop_words": {"low": 2, "korean": True},
    "hangul_share": {"low": 0.2},
    "jamo_share": {"high": 0.2},
    "mojibake": {"replacements": 0.002, "latin": 0.01, "syllables": 0.05},
    "boilerplate_lines": {"high": 0.3},
    "lorem_ipsum": {"high": 1},
    "curly_bracket": {"enabled": False, "high": 0},
    "terminal_lines": {"low": 0.062, "low_characters": 0.5, "prose": True, "endings": "korean", "running": 8},
    "short_lines": {"high": 0.85, "length": 12, "prose": True, "korean": True},
    "newline_ratio": {"high": 0.5, "prose": True, "korean": True},
    "duplicate_lines": {"share": 0.374, "characters": 0.2, "shortest": 20, "prose": True, "few": 3},
    "duplicate_paragraphs": {"share": 0.3, "characters": 0.2, "shortest": 20, "prose": True},
    "top_ngrams": {"n2": 0.2, "n3": 0.18, "n4": 0.16, "prose": True, "few": 4},
    "duplicate_ngrams": {"n5": 0.2, "n6": 0.19, "n7": 0.18, "n8": 0.17, "n9": 0.16, "n10": 0.15, "prose": True},
    "bad_words": {"words": [], "share": 1.0},
    "c4_lines": {
        "terminal": False, "endings": "korean", "words": 1, "longest": 1000, "javascript": False, "policy": True,
    },
    "sentence_count": {"low": 1, "endings": "korean", "running": 8},
}  # fmt: skip

OTHER: Table = STOCK | {
    "url_words": {"hard": 0, "soft": 1},
    "word_count": {**STOCK["word_count"], "low": 30},
    "mean_word_length": {**STOCK["mean_word_length"], "longest": 30},
    "stop_words": {**STOCK["stop_words"], "low": 1},
    "sentence_count": {**STOCK["sentence_count"], "low": 1},
    "mojibake": {**STOCK["mojibake"], "enabled": True},
    "boilerplate_lines": {**STOCK["boilerplate_lines"], "enabled": True},
    "curly_bracket": {**STOCK["curly_bracket"], "enabled": False},
    "lorem_ipsum": {"high": 1},
    "symbol_ratio": {**STOCK["symbol_ratio"], "inline": True},
    "alphabetic_words": {**STOCK["alphabetic_words"], "low": 0.7, "marks": False},
    "terminal_lines": {**STOCK["terminal_lines"], "low_characters": 0.5, "prose": True, "running": 10},
    "short_lines": {**STOCK["short_lines"], "prose": True},
    "newline_ratio": {**STOCK["newline_ratio"], "prose": True},
    "top_ngrams": {**STOCK["top_ngrams"], "prose": True, "few": 4},
    "duplicate_ngrams": {**STOCK["duplicate_ngrams"], "prose": True},
    "duplicate_lines": {**STOCK["duplicate_lines"], "shortest": 30, "prose": True, "few": 3},
    "duplicate_paragraphs": {**STOCK["duplicate_paragraphs"], "shortest": 30, "prose": True},
    "c4_lines": {**STOCK["c4_lines"], "terminal": False, "words": 1, "javascript": False},
}

FINEWEB2: Table = STOCK | {
    "mean_word_length": {"low": 1.0, "high": 6.0, "korean": True, "longest": 0},
    "alphabetic_words": {"low": 0.791, "marks": True},
    "stop_words": {"low": 2, "korean": True},
    "lorem_ipsum": {"enabled": False, "high": 0},
    "curly_bracket": {"enabled": False, "high": 0},
    "terminal_lines": {"low": 0.062, "low_characters": 1.0, "prose": False, "endings": "stock", "running": 0},
    "short_lines": {"enabled": False, **STOCK["short_lines"]},
    "newline_ratio": {"high": 0.196, "prose": False, "korean": False},
    "duplicate_lines": {"share": 0.374, "characters": 0.1, "shortest": 0, "prose": False, "few": 1},
    "duplicate_paragraphs": {"enabled": False, **STOCK["duplicate_paragraphs"]},
    "top_ngrams": {"n2": 0.282, "n3": 0.228, "n4": 0.185, "prose": False, "few": 2},
    "duplicate_ngrams": {"n5": 0.201, "n6": 0.184, "n7": 0.168, "n8": 0.154, "n9": 0.14, "n10": 0.127, "prose": False},
    "c4_lines": {"enabled": False, **STOCK["c4_lines"]},
    "sentence_count": {"enabled": False, **STOCK["sentence_count"]},
}  # fmt: skip

STRICT: Table = KOREAN | {
    "word_count": {"low": 40, "high": 100_000, "korean": True},
    "mean_word_length": {"low": 2.0, "high": 6.0, "korean": True, "longest": 0},
    "symbol_ratio": {"hashes": 0.05, "ellipses": 0.05, "inline": True, "korean": True},
    "bullet_lines": {"high": 0.7, "korean": True},
    "ellipsis_lines": {"high": 0.1, "few": 3, "korean": True},
    "alphabetic_words": {"low": 0.7, "marks": False},
    "stop_words": {"low": 8, "korean": True},
    "hangul_share": {"low": 0.4},
    "jamo_share": {"high": 0.02},
    "mojibake": {"replacements": 0.0, "latin": 0.001, "syllables": 0.02},
    "boilerplate_lines": {"high": 0.1},
    "lorem_ipsum": {"high": 0},
    "terminal_lines": {"low": 0.4, "low_characters": 0.7, "prose": True, "endings": "korean", "running": 8},
    "short_lines": {"high": 0.5, "length": 12, "prose": True, "korean": True},
    "newline_ratio": {"high": 0.25, "prose": True, "korean": True},
    "duplicate_lines": {"share": 0.15, "characters": 0.1, "shortest": 20, "prose": True, "few": 3},
    "duplicate_paragraphs": {"share": 0.15, "characters": 0.1, "shortest": 20, "prose": True},
    "top_ngrams": {"n2": 0.1, "n3": 0.1, "n4": 0.1, "prose": True, "few": 4},
    "duplicate_ngrams": {"n5": 0.15, "n6": 0.14, "n7": 0.13, "n8": 0.12, "n9": 0.11, "n10": 0.1, "prose": True},
    "sentence_count": {"low": 3, "endings": "korean", "running": 8},
}  # fmt: skip

STRICT_OTHER: Table = OTHER | {
    "mojibake": {"replacements": 0.0, "latin": 0.001, "syllables": 0.02},
    "word_count": {**STOCK["word_count"], "low": 50},
    "sentence_count": {**STOCK["sentence_count"], "low": 3},
    "stop_words": {**STOCK["stop_words"], "low": 3},
    "boilerplate_lines": {"high": 0.1},
    "lorem_ipsum": {"high": 0},
    "terminal_lines": {"low": 0.25, "low_characters": 0.7, "prose": True, "endings": "stock", "running": 10},
    "duplicate_lines": {"share": 0.15, "characters": 0.1, "shortest": 30, "prose": True, "few": 3},
    "duplicate_paragraphs": {"share": 0.15, "characters": 0.1, "shortest": 30, "prose": True},
}  # fmt: skip

PRESETS: dict[str, dict[str, Table]] = {
    "stock": {"*": STOCK},
    "fineweb2": {"ko": FINEWEB2, "*": STOCK},
    "korean": {"ko": KOREAN, "*": OTHER},
    "strict": {"ko": STRICT, "*": STRICT_OTHER},
}
