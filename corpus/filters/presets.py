"""The presets' thresholds: rule -> option -> value, in the order in which the rules are asked, cheap ones first.

`STOCK` is each rule's published form. `KOREAN` judges Korean documents, `OTHER` the documents of other languages that a
Korean run replays: the published numbers, with code left out of the count. Every table names every rule and option.
"""

from __future__ import annotations

from typing import Any

Table = dict[str, dict[str, Any]]

STOCK: Table = {
    "word_count": {"low": 50, "high": 100_000, "korean": False},
    "mean_word_length": {"low": 3.0, "high": 10.0, "korean": False},
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
    "terminal_lines": {"low": 0.12, "prose": False, "endings": "stock"},
    "short_lines": {"high": 0.67, "length": 30, "prose": False, "korean": False},
    "newline_ratio": {"high": 0.3, "prose": False, "korean": False},
    "duplicate_lines": {"share": 0.3, "characters": 0.2, "shortest": 0, "prose": False},
    "duplicate_paragraphs": {"share": 0.3, "characters": 0.2, "shortest": 0, "prose": False},
    "top_ngrams": {"n2": 0.2, "n3": 0.18, "n4": 0.16, "prose": False},
    "duplicate_ngrams": {"n5": 0.15, "n6": 0.14, "n7": 0.13, "n8": 0.12, "n9": 0.11, "n10": 0.1, "prose": False},
    "c4_lines": {
        "terminal": True, "endings": "stock", "words": 3, "longest": 1000, "javascript": True, "policy": True,
    },
    "sentence_count": {"low": 5, "endings": "stock"},
}  # fmt: skip

KOREAN: Table = {
    "word_count": {"low": 25, "high": 100_000, "korean": True},
    "mean_word_length": {"low": 1.5, "high": 10.0, "korean": True},
    "symbol_ratio": {"hashes": 0.1, "ellipses": 0.1, "inline": True, "korean": True},
    "bullet_lines": {"high": 0.9, "korean": True},
    "ellipsis_lines": {"high": 0.3, "few": 3, "korean": True},
    "alphabetic_words": {"low": 0.7, "marks": False},
    "stop_words": {"low": 2, "korean": True},
    "hangul_share": {"low": 0.2},
    "jamo_share": {"high": 0.2},
    "mojibake": {"replacements": 0.002, "latin": 0.01, "syllables": 0.05},
    "boilerplate_lines": {"high": 0.3},
    "lorem_ipsum": {"high": 1},
    "curly_bracket": {"enabled": False, "high": 0},
    "terminal_lines": {"low": 0.062, "prose": True, "endings": "korean"},
    "short_lines": {"high": 0.85, "length": 12, "prose": True, "korean": True},
    "newline_ratio": {"high": 0.5, "prose": True, "korean": True},
    "duplicate_lines": {"share": 0.3, "characters": 0.2, "shortest": 20, "prose": True},
    "duplicate_paragraphs": {"share": 0.3, "characters": 0.2, "shortest": 20, "prose": True},
    "top_ngrams": {"n2": 0.2, "n3": 0.18, "n4": 0.16, "prose": True},
    "duplicate_ngrams": {"n5": 0.2, "n6": 0.19, "n7": 0.18, "n8": 0.17, "n9": 0.16, "n10": 0.15, "prose": True},
    "c4_lines": {
        "terminal": False, "endings": "korean", "words": 1, "longest": 1000, "javascript": False, "policy": True,
    },
    "sentence_count": {"low": 1, "endings": "korean"},
}  # fmt: skip

OTHER: Table = STOCK | {
    "mojibake": {**STOCK["mojibake"], "enabled": True},
    "boilerplate_lines": {**STOCK["boilerplate_lines"], "enabled": True},
    "curly_bracket": {**STOCK["curly_bracket"], "enabled": False},
    "lorem_ipsum": {"high": 1},
    "symbol_ratio": {**STOCK["symbol_ratio"], "inline": True},
    "alphabetic_words": {**STOCK["alphabetic_words"], "marks": False},
    "terminal_lines": {**STOCK["terminal_lines"], "prose": True},
    "short_lines": {**STOCK["short_lines"], "prose": True},
    "newline_ratio": {**STOCK["newline_ratio"], "prose": True},
    "top_ngrams": {**STOCK["top_ngrams"], "prose": True},
    "duplicate_ngrams": {**STOCK["duplicate_ngrams"], "prose": True},
    "duplicate_lines": {**STOCK["duplicate_lines"], "shortest": 30, "prose": True},
    "duplicate_paragraphs": {**STOCK["duplicate_paragraphs"], "shortest": 30, "prose": True},
    "c4_lines": {**STOCK["c4_lines"], "terminal": False, "words": 1, "javascript": False},
}

PRESETS: dict[str, dict[str, Table]] = {"stock": {"*": STOCK}, "korean": {"ko": KOREAN, "*": OTHER}}
