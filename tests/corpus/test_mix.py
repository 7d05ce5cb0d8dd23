"""Streams, splits, caps and order of the mixture."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

import corpus.mix
from corpus.config import Mix
from corpus.documents import read_file, write_documents
from corpus.mix import run
from corpus.sources.readers import Unfit, plain
from pipeline.artifact import Artifact, publish
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted
from tests.toys import paragraphs


def texts(artifact: Artifact, split: str, source: str) -> list[str]:
    path = artifact.path / split / f"{source}.parquet"
    return [row["text"] for row in read_file(path)] if path.exists() else []


def published(artifact: Artifact) -> dict[str, str]:
    return {entry["path"]: entry["sha256"] for entry in artifact.manifest["files"]}


def given(tmp_path: Path, rows: list[dict], name: str = "given", **folders: bytes) -> Artifact:
    """A documents artifact of one file, with any columns."""
    part = tmp_path / "artifacts" / "given" / f"{name}.part"
    full = {"source": "s", "url": "", "lang": "ko", "license": "MIT", "charset": "utf-8", "meta": {}}
    if rows:
        write_documents(part / "documents" / "a.parquet", [{**full, "id": str(n), **row} for n, row in enumerate(rows)])
    for file, content in folders.items():
        (part / "warc").mkdir(parents=True, exist_ok=True)
        (part / "warc" / f"{file}.warc.gz").write_bytes(content)
    return publish(part, part.with_suffix(""), {
        "stage": "refine", "version": 1, "fingerprint": name, "section": {}, "inputs": {}, "metrics": {},
        "counts": {}, "provenance": {},
    })  # fmt: skip


def test_every_document_stands_once_in_train_or_heldout(build, documents):
    korean, english = paragraphs("ko", 100), paragraphs("en", 40)
    mixed = build("mix", run, Mix(heldout=0.1), {"documents": documents({"k": ("ko", korean), "e": ("en", english)})})
    for source, all_texts in (("k", korean), ("e", english)):
        train, held = texts(mixed, "train", source), texts(mixed, "heldout", source)
        assert sorted(train + held) == sorted(all_texts)
        assert len(held) == len(all_texts) // 10
        assert train != [text for text in all_texts if text in train]  # another order than the input's
        own = mixed.metrics["sources"][source]
        assert own["train"]["bytes"] == sum(len(text.encode()) for text in train)
        assert own["heldout"]["characters"] == sum(len(text) for text in held)
    assert mixed.counts["read"] == mixed.counts["kept"] == 140
    assert mixed.metrics["languages"]["ko"]["train"]["documents"] == 90


def test_another_source_or_a_cap_moves_no_heldout_document(build, documents):
    korean = paragraphs("ko", 50)
    alone = build("mix", run, Mix(heldout=0.2), {"documents": documents({"k": ("ko", korean)})})
    kept = texts(alone, "heldout", "k"), texts(alone, "train", "k")
    more = {"a": ("ko", paragraphs("ko", 30, seed=4)), "k": ("ko", korean), "z": ("en", paragraphs("en", 30))}
    joined = build("mix", run, Mix(heldout=0.2), {"documents": documents(more)})
    assert (texts(joined, "heldout", "k"), texts(joined, "train", "k")) == kept
    capped = build("mix", run, Mix(heldout=0.2, caps={"k": 3000}), {"documents": documents({"k": ("ko", korean)})})
    assert texts(capped, "heldout", "k") == kept[0]
    assert texts(capped, "train", "k") == kept[1][: len(texts(capped, "train", "k"))]


def test_the_seed_changes_split_and_order(build, documents):
    source = {"k": ("ko", paragraphs("ko", 50))}
    zero = build("mix", run, Mix(), {"documents": documents(source)})
    first = texts(zero, "train", "k"), texts(zero, "heldout", "k")
    one = build("mix", run, Mix(seed=1), {"documents": documents(source)})
    assert texts(one, "train", "k") != first[0]
    assert texts(one, "heldout", "k") != first[1]


@pytest.mark.parametrize(
    ("documents_read", "section", "held"),
    [
        (1, Mix(), 0),
        (2, Mix(), 1),
        (3, Mix(heldout=0.0, heldout_min=0), 0),
        (10, Mix(heldout_min=4), 4),
        (3, Mix(heldout_min=7), 2),
        (100, Mix(heldout=0.5, heldout_max=20), 20),
        (100, Mix(heldout=0.37), 37),
    ],
)
def test_how_many_are_held_out(build, documents, documents_read, section, held):
    mixed = build("mix", run, section, {"documents": documents({"k": ("ko", paragraphs("ko", documents_read))})})
    assert len(texts(mixed, "heldout", "k")) == held
    assert len(texts(mixed, "train", "k")) == documents_read - held


def test_one_text_never_stands_on_both_sides(build, documents):
    korean = paragraphs("ko", 60)
    twice = {"a": ("ko", [*korean, *korean[:30]]), "b": ("ko", [text.replace(" ", "  ") for text in korean[10:50]])}
    mixed = build("mix", run, Mix(heldout=0.3), {"documents": documents(twice)})

    def bare(split: str) -> set[str]:
        return {"".join(text.split()) for source in "ab" for text in texts(mixed, split, source)}

    assert bare("heldout")
    assert not bare("heldout") & bare("train")
    assert mixed.counts["rules"]["heldout_twin"] > 0
    assert mixed.counts["read"] == 130 == mixed.counts["kept"] + mixed.counts["dropped"]
    held = texts(mixed, "heldout", "a")
    assert len(held) == len(set(held)) == 18  # copies are counted once


def test_languages_are_never_in_one_stream(build, tmp_path: Path):
    rows = [{"text": text, "lang": lang, "source": "wiki"} for lang in ("ko", "en") for text in paragraphs(lang, 20)]
    rows += [{"text": text, "lang": "en", "source": "news"} for text in paragraphs("en", 20, seed=3)]
    rows += [{"text": "말이 없는 글", "lang": "", "source": "plain"}]
    mixed = build("mix", run, Mix(), {"documents": given(tmp_path, rows)})
    assert sorted(mixed.metrics["sources"]) == ["news", "plain", "wiki-en", "wiki-ko"]
    assert mixed.metrics["sources"]["plain"]["lang"] == "und"
    for path in [*(mixed.path / "train").iterdir(), *(mixed.path / "heldout").iterdir()]:
        assert len({row["lang"] for row in read_file(path)}) == 1
        assert mixed.metrics["sources"][path.stem]["lang"] in ("und", next(read_file(path))["lang"])


def test_caps_are_bytes_of_whole_documents(build, documents):
    source = {"k": ("ko", paragraphs("ko", 80)), "e": ("en", paragraphs("en", 20))}
    whole = build("mix", run, Mix(), {"documents": documents(source)})
    order = texts(whole, "train", "k")
    for limit in (2_000, 9_000, 10**9):
        capped = build("mix", run, Mix(caps={"k": limit}), {"documents": documents(source)})
        kept = texts(capped, "train", "k")
        assert kept == order[: len(kept)]
        assert sum(len(text.encode()) for text in kept) <= limit
        if limit < 10**9:
            assert sum(len(text.encode()) for text in order[: len(kept) + 1]) > limit
        assert capped.counts["rules"]["cap"] == len(order) - len(kept)
        assert len(texts(capped, "train", "e")) == 19


def test_caps_that_cannot_be_meant_are_named(build, documents):
    source = {"wiki": ("ko", paragraphs("ko", 5))}
    with pytest.raises(ConfigError, match=r"mix\.caps names 'wikj', which no document comes from; did you mean 'wiki'"):
        build("mix", run, Mix(caps={"wikj": 10}), {"documents": documents(source)})
    with pytest.raises(ConfigError, match="there are wiki"):
        build("mix", run, Mix(caps={"zzz": 10}), {"documents": documents(source)})
    with pytest.raises(ConfigError, match=r"mix\.caps.wiki is 10 bytes and leaves no train text"):
        build("mix", run, Mix(caps={"wiki": 10}), {"documents": documents(source)})
    with pytest.raises(ConfigError, match=r"heldout_min 5 is above mix\.heldout_max 2"):
        Mix(heldout_min=5, heldout_max=2).check(Run())


def test_pages_need_refining_first(build, tmp_path: Path):
    with pytest.raises(
        ConfigError, match="mix reads documents, but cc, web of given holds pages; add a refine section"
    ):
        build("mix", run, Mix(), {"documents": given(tmp_path, [{"text": "글"}], web=b"x", cc=b"x")})


def test_nothing_to_mix_is_told(build, documents):
    with pytest.raises(InputError, match="has no documents, so there is nothing to mix"):
        build("mix", run, Mix(), {"documents": documents({"k": ("ko", [])})})


@pytest.mark.parametrize("source", ["../up", "a/b", ".hidden", "new\nline", ""])
def test_a_source_that_cannot_name_a_file_is_refused(build, tmp_path: Path, source: str):
    with pytest.raises(InputError, match="cannot name a file"):
        build("mix", run, Mix(), {"documents": given(tmp_path, [{"text": "글", "source": source}])})
    assert not (tmp_path / "artifacts" / "mix").exists() or not list((tmp_path / "artifacts").rglob("up*"))


def test_two_streams_of_one_name_are_refused(build, tmp_path: Path):
    rows = [{"text": "글", "source": "a-en", "lang": "ko"}, {"text": "x", "source": "a", "lang": "en"},
            {"text": "다른 글", "source": "a", "lang": "ko"}]  # fmt: skip
    with pytest.raises(InputError, match="have one name, 'a-en'"):
        build("mix", run, Mix(), {"documents": given(tmp_path, rows)})


def test_many_scratch_files_give_the_bytes_of_one(build, documents, monkeypatch):
    source = {"k": ("ko", paragraphs("ko", 300)), "e": ("en", paragraphs("en", 50))}
    whole = published(build("mix", run, Mix(), {"documents": documents(source)}))
    monkeypatch.setattr(corpus.mix, "PIECE", 4000)
    monkeypatch.setattr(corpus.mix, "BUFFERED", 10_000)
    pieced = build("mix", run, Mix(), {"documents": documents(source)}, workers=2)
    assert published(pieced) == whole


def test_stopped_and_rerun_gives_the_same(tmp_path: Path, build, documents):
    source = documents({name: ("ko", paragraphs("ko", 20, seed)) for seed, name in enumerate("abc")})
    whole = published(build("mix", run, Mix(), {"documents": source}))
    part = tmp_path / "stopped" / "x.part"
    part.mkdir(parents=True)
    for limit in (1, 4, 7):
        asked = iter([False] * limit)
        context = Context(
            node="mix", path=part, inputs={"documents": source}, run=Run(root=str(tmp_path)),
            stop_requested=lambda asked=asked: next(asked, True),
        )  # fmt: skip
        with pytest.raises(Interrupted):
            run(Mix(), context)
    (part / "train").mkdir(exist_ok=True)
    (part / "train" / "zzz.parquet").write_bytes(b"half")
    context = Context(node="mix", path=part, inputs={"documents": source}, run=Run(root=str(tmp_path)))
    manifest = {"stage": "mix", "metrics": run(Mix(), context), "fingerprint": "x"}
    assert published(publish(part, part.with_suffix(""), manifest)) == whole


def test_meta_and_provenance_travel(build, tmp_path: Path):
    rows = [
        {"text": f"글 {n}\u2028둘째 줄\n셋째", "meta": {"title": f"제목 {n}"}, "url": f"https://a.kr/{n}"}
        for n in range(5)
    ]
    mixed = build("mix", run, Mix(heldout_min=0, heldout=0.0), {"documents": given(tmp_path, rows)})
    found = {row["id"]: row for row in read_file(mixed.path / "train" / "s.parquet")}
    assert found["3"]["meta"] == {"title": "제목 3"}
    assert found["3"]["url"] == "https://a.kr/3"
    assert found["3"]["text"] == "글 3\u2028둘째 줄\n셋째"
    assert json.loads((mixed.path / "card.json").read_text())["sources"]["s"]["license"] == "MIT"


def test_the_deepest_metadata_that_a_crawl_keeps_is_mixed(build, tmp_path: Path):
    deep: list = []
    for _ in range(245):
        deep = [deep]
    with contextlib.suppress(Unfit):
        while plain({"m": [deep]}):
            deep = [deep]
    rows = [{"text": f"글 {n}", "meta": {"m": deep}} for n in range(5)]
    mixed = build("mix", run, Mix(), {"documents": given(tmp_path, rows)})
    assert all(row["meta"] == {"m": deep} for row in read_file(mixed.path / "train" / "s.parquet"))
