from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.bpe import Spelling
from tokenizer.convert import UNUSED, from_sentencepiece, read_model
from tokenizer.measure import encode
from tokenizer.merges import grow, merges_of
from tokenizer.probes import round_trip, unchanged
from tokenizer.scripts import Scripts
from tokenizer.spm import write_model
from tokenizer.train import learn

WORDS = {word: 2 for text in paragraphs("ko", 30) for word in Scripts().word.findall(text)}
METASPACE = Spelling("metaspace")


@pytest.fixture(scope="module")
def extended(spm_file: Path, tmp_path_factory: pytest.TempPathFactory):
    """(tokenizers' reading, SentencePiece's reading, growth, folder) of one extension."""
    from sentencepiece import SentencePieceProcessor

    base = from_sentencepiece(spm_file)
    made, growth, _ = grow(base, METASPACE, learn(WORDS, 300, 1), len(base["model"]["vocab"]), 64)
    target = tmp_path_factory.mktemp("spm") / "tokenizer.model"
    write_model(spm_file, target, made, growth)
    return Tokenizer.from_str(json.dumps(made)), SentencePieceProcessor(model_file=str(target)), growth, target


def test_the_same_ids_from_both_readers(extended) -> None:
    fast, processor, _, _ = extended
    assert processor.vocab_size() == fast.get_vocab_size()
    texts = [text for text in [*unchanged(), *round_trip(), *paragraphs("ko", 40, seed=3)] if "\x00" not in text]
    assert processor.encode(texts) == list(encode(fast, texts))
    assert all(processor.decode(processor.encode(text)) == text for text in paragraphs("ko", 5, seed=4))


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from(sorted(set("".join(WORDS)))[:60] + list(" a1.\n漢뷁ㅋ🙂")), max_size=30))
def test_the_same_ids_on_any_mixture(extended, text: str) -> None:
    fast, processor, _, _ = extended
    assert processor.encode(text) == next(iter(encode(fast, [text])))


def test_old_pieces_stay_and_new_scores_fall(extended, spm_file: Path) -> None:
    _, _, growth, target = extended
    old, new = read_model(spm_file), read_model(target)
    assert list(new.pieces)[: len(old.pieces)] == list(old.pieces)
    scores = [piece.score for piece in list(new.pieces)[growth.first : growth.first + len(growth.new_tokens)]]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == len(scores)
    assert scores[0] < min(piece.score for piece in old.pieces)
    assert {piece.type for piece in list(new.pieces)[growth.first + len(growth.new_tokens) :]} <= {UNUSED}
    assert new.trainer_spec.vocab_size == len(new.pieces) and new.normalizer_spec == old.normalizer_spec


def test_scores_stay_apart_where_floats_are_coarse(spm_file: Path, tmp_path: Path) -> None:
    model = read_model(spm_file)
    model.pieces[-1].score = -1e9  # as Llama-2's runs of spaces
    (tmp_path / "coarse.model").write_bytes(model.SerializeToString())
    base = from_sentencepiece(tmp_path / "coarse.model")
    made, growth, _ = grow(base, METASPACE, learn(WORDS, 200, 1), len(base["model"]["vocab"]), 1)
    write_model(tmp_path / "coarse.model", tmp_path / "out.model", made, growth)
    scores = [piece.score for piece in read_model(tmp_path / "out.model").pieces][growth.first :]
    assert scores == sorted(set(scores), reverse=True) and scores[0] < -1e9


def test_merges_as_transformers_orders_them(spm_file: Path, tmp_path: Path) -> None:
    from sentencepiece import SentencePieceProcessor
    from transformers.convert_slow_tokenizer import generate_merges

    model = read_model(spm_file)
    for length in range(2, 9):
        model.pieces.add(piece="▁" * length, score=-1e9)  # as Llama-2's runs of spaces
    source, target = tmp_path / "runs.model", tmp_path / "out.model"
    source.write_bytes(model.SerializeToString())
    base = from_sentencepiece(source)
    merges = generate_merges(base["model"]["vocab"], [(piece.piece, piece.score) for piece in model.pieces])
    assert merges != merges_of(base)
    base["model"]["merges"] = [list(merge) for merge in merges]
    made, growth, _ = grow(base, METASPACE, learn(WORDS, 100, 1), len(base["model"]["vocab"]), 1)
    assert write_model(source, target, made, growth) is None
    texts = [*paragraphs("ko", 20, seed=3), *(f"한국{' ' * length}어" for length in range(30))]
    found = SentencePieceProcessor(model_file=str(target)).encode(texts)
    assert found == list(encode(Tokenizer.from_str(json.dumps(made)), texts))


def test_tokens_added_behind_the_file_and_empty_rows(spm_file: Path, tmp_path: Path) -> None:
    from sentencepiece import SentencePieceProcessor

    base = from_sentencepiece(spm_file)
    count = len(base["model"]["vocab"])
    base["added_tokens"].append({**base["added_tokens"][0], "id": count, "content": "<pad>", "special": True})
    made, growth, _ = grow(base, METASPACE, learn(WORDS, 50, 1), count + 3, 1)
    write_model(spm_file, tmp_path / "out.model", made, growth)
    processor = SentencePieceProcessor(model_file=str(tmp_path / "out.model"))
    assert processor.is_control(count) and processor.id_to_piece(count) == "<pad>"
    assert processor.is_unused(count + 1) and processor.is_unused(count + 2)
    assert processor.encode("한국<pad>") == next(iter(encode(Tokenizer.from_str(json.dumps(made)), ["한국<pad>"])))


def test_faults(spm_file: Path, tmp_path: Path) -> None:
    base = from_sentencepiece(spm_file)
    made, growth, _ = grow(base, METASPACE, learn(WORDS, 20, 1), len(base["model"]["vocab"]), 1)
    target = tmp_path / "out.model"
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"not a model")
    with pytest.raises(InputError, match="is not a SentencePiece"):
        write_model(broken, target, made, growth)
    model = read_model(spm_file)
    model.pieces[300].piece, model.pieces[301].piece = model.pieces[301].piece, model.pieces[300].piece
    swapped = tmp_path / "swapped.model"
    swapped.write_bytes(model.SerializeToString())
    assert "id 300 is" in (write_model(swapped, target, made, growth) or "")
    growth.scores = None
    assert "the base's merges are not" in (write_model(spm_file, target, made, growth) or "")
    assert not target.exists()


def test_the_base_keeps_the_file_beside_its_tokenizer(
    build, metaspace_model: Path, spm_file: Path, tmp_path: Path
) -> None:
    from tokenizer.base import run
    from tokenizer.config import Base

    folder = Path(shutil.copytree(metaspace_model, tmp_path / "given"))
    shutil.copyfile(spm_file, folder / "tokenizer.model")
    made = build("base", run, Base(source=str(folder)))
    assert (made.path / "model/tokenizer.model").read_bytes() == spm_file.read_bytes()
