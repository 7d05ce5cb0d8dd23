from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from corpus.documents import write_documents
from pipeline.errors import InputError
from tests.tokenizer.conftest import model_with
from tests.toys import paragraphs
from tokenizer import pack
from tokenizer.config import Pack
from tokenizer.encode import Encoder, Unequal
from tokenizer.pack import Stream, run

SOURCES = {"docs": ("ko", paragraphs("ko", 30)), "manual": ("en", paragraphs("en", 20))}


def files(artifact) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in artifact.manifest["files"]}


def test_every_document_comes_back(published, byte_level_model: Path, documents, build) -> None:
    model = published(byte_level_model)
    made = build("pack", run, Pack(), {"model": model, "documents": documents(SOURCES, mixture=True)})
    tokenizer = Tokenizer.from_file(str(model.path / "model/tokenizer.json"))
    found = made.metrics
    assert (found["prefix"], found["separator"], found["vocabulary"]) == (0, 0, 400)
    assert found["tokenizer_sha256"] == hashlib.sha256((model.path / "model/tokenizer.json").read_bytes()).hexdigest()
    assert sorted(found["streams"]) == ["heldout/docs", "heldout/manual", "train/docs", "train/manual"]
    assert made.counts == {"read": 50, "kept": 50, "dropped": 0, "failed": 0}
    for name, (lang, texts) in SOURCES.items():
        held = Stream(made, f"heldout/{name}")
        train = Stream(made, f"train/{name}")
        assert train.lang == lang and len(held) + len(train) == len(texts)
        back = [stream.document(number) for stream in (held, train) for number in range(len(stream))]
        for ids, text in zip(back, texts, strict=True):
            assert ids.dtype == np.dtype("<u2") and (ids[0], ids[-1]) == (0, 0)
            assert tokenizer.decode(ids[1:-1].tolist()) == text
        facts = found["streams"][f"train/{name}"]
        assert facts["tokens"] == len(train.tokens) == int(train.offsets[-1]) == sum(map(len, back[len(held) :]))
        assert facts["bytes"] == sum(len(text.encode()) for text in texts[len(held) :])
        assert facts["documents"] == len(train)
        raw = (made.path / facts["file"]).read_bytes()
        assert np.frombuffer(raw, "<u2").tolist() == train.tokens.tolist()
        with pytest.raises(IndexError):
            train.document(len(train))
        with pytest.raises(IndexError):
            train.document(-1)


def test_large_vocabularies_take_four_bytes(
    published, byte_level_model: Path, documents, build, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(byte_level_model, tmp_path / "large"))
    model_with(source, (1 << 16) + 1)
    made = build("pack", run, Pack(), {"model": published(source), "documents": documents(SOURCES)})
    facts = made.metrics["streams"]["train/docs"]
    assert facts["dtype"] == "uint32"
    assert (made.path / facts["file"]).stat().st_size == 4 * facts["tokens"]
    assert Stream(made, "train/docs").document(0).dtype == np.dtype("<u4")


def test_the_same_bytes_whatever_the_workers(published, byte_level_model: Path, documents, build, monkeypatch) -> None:
    given = {"model": published(byte_level_model), "documents": documents(SOURCES, mixture=True)}
    made = build("pack", run, Pack(), given)
    first = files(made)
    (made.path / "manifest.json").unlink()
    assert files(build("pack", run, Pack(), given, workers=2)) == first
    monkeypatch.setattr("tokenizer.pack.UNIT_GROUPS", 1)
    (made.path / "manifest.json").unlink()
    assert files(build("pack", run, Pack(), given)) == first


def test_units_are_joined_in_order(published, byte_level_model: Path, build, documents, monkeypatch) -> None:
    given = documents({"docs": ("en", [f"document {number}" for number in range(2500)])})
    monkeypatch.setattr("tokenizer.pack.UNIT_GROUPS", 1)
    made = build("pack", run, Pack(), {"model": published(byte_level_model), "documents": given})
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    stream = Stream(made, "train/docs")
    assert len(stream) == 2500
    for number in (0, 999, 1000, 2499):
        assert tokenizer.decode(stream.document(number).tolist()) == f"document {number}"


def test_control_tokens_in_text_stay_text(published, byte_level_model: Path, documents, build) -> None:
    given = documents({"docs": ("en", ["a<|im_end|>b<|endoftext|>"])})
    made = build("pack", run, Pack(), {"model": published(byte_level_model), "documents": given})
    ids = Stream(made, "train/docs").document(0)
    assert ids[1:-1].min() > 2


def test_empty_documents_are_dropped_and_counted(published, byte_level_model: Path, documents, build) -> None:
    model = published(byte_level_model)
    made = build("pack", run, Pack(), {"model": model, "documents": documents({"docs": ("en", ["a", "", " \n", "b"])})})
    assert made.counts == {"read": 4, "kept": 2, "dropped": 2, "failed": 0}
    assert len(Stream(made, "train/docs")) == 2
    with pytest.raises(InputError, match="only empty documents"):
        build("pack", run, Pack(), {"model": model, "documents": documents({"docs": ("en", [""])})})


def test_faults(published, byte_level_model: Path, documents, build, tmp_path: Path) -> None:
    model = published(byte_level_model)
    with pytest.raises(InputError, match="no documents"):
        build("pack", run, Pack(), {"model": model, "documents": documents({"docs": ("en", [])})})
    mixed = documents({"docs": ("en", ["one"])})
    rows = [
        {"id": lang, "text": "x", "source": "s", "url": "", "lang": lang, "license": "", "charset": "", "meta": {}}
        for lang in ("ko", "en")
    ]
    write_documents(mixed.path / "documents/docs.parquet", rows)
    with pytest.raises(InputError, match="mixes the languages en, ko"):
        build("pack", run, Pack(), {"model": model, "documents": mixed})
    (mixed.path / "documents/docs.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="not a documents file"):
        build("pack", run, Pack(), {"model": model, "documents": mixed})
    small = published(model_with(Path(shutil.copytree(byte_level_model, tmp_path / "small")), 100))
    with pytest.raises(InputError, match="more ids than the 100 rows"):
        build("pack", run, Pack(), {"model": small, "documents": documents(SOURCES)})


def test_a_damaged_stream_is_refused(published, byte_level_model: Path, documents, build) -> None:
    made = build("pack", run, Pack(), {"model": published(byte_level_model), "documents": documents(SOURCES)})
    with pytest.raises(InputError, match="no stream 'train/none'; it has train/docs, train/manual"):
        Stream(made, "train/none")
    path = made.path / "train/docs.bin"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InputError, match="the manifest says"):
        Stream(made, "train/docs")


def test_a_unit_that_comes_out_otherwise_is_encoded_by_tokenizers(
    published, byte_level_model: Path, documents, build, monkeypatch, tmp_path: Path
) -> None:
    inputs = {"model": published(byte_level_model), "documents": documents(SOURCES)}
    expected = build("pack", run, Pack(), inputs)
    expected.path.rename(tmp_path / "expected")

    def differ(self, texts):
        raise Unequal

    monkeypatch.setattr(Encoder, "_compare", lambda self, texts: None)
    monkeypatch.setattr(Encoder, "encode", lambda self, texts: differ(self, texts) if self._fast else self._slow(texts))
    pack._encoder.cache_clear()
    assert files(build("pack", run, Pack(), inputs)) == {
        file["path"]: file["sha256"] for file in expected.manifest["files"]
    }
    pack._encoder.cache_clear()
