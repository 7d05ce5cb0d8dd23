"""The log, the probe and the gate."""

from __future__ import annotations

import json

import pytest
import torch

from eval.bpb import bits_per_byte, score_documents
from tests.training import making
from tokenizer.base import load_model
from training.config import Gate
from training.ledger import PROBE_BYTES, Ledger, probe, probe_texts
from training.split import split


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return making.inputs(tmp_path_factory.mktemp("ledger"))


@pytest.fixture(scope="module")
def tokenizer(given):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(given["model"].path / "model"))


def ledger(start, middle, end):
    made = Ledger()
    for step, value in enumerate((start, middle, end)):
        made.write(step=step, bpb={"en": value, "ko": 2.0 - step})
    return made


@pytest.mark.parametrize(("end", "passed"), [(1.02, True), (1.03, True), (1.04, False)])
def test_the_gate_judges_the_end_not_the_middle(end, passed):
    made = ledger(1.0, 1.5, end)
    gate = made.gate(Gate(lang="en", limit=0.03, action="stop"), {"en": 12})
    assert gate["passed"] is passed and gate["value"] == pytest.approx(end - 1) and gate["smoke"] is True
    assert made.summary()["en"] == {"start": 1.0, "end": end, "highest": 1.5, "change": pytest.approx(end - 1)}


def test_a_gate_without_text_has_no_verdict():
    gate = ledger(1, 1, 1).gate(Gate(lang="ja"), {})
    assert gate["passed"] is None and gate["value"] is None


def test_the_log_is_its_own_memory():
    made = ledger(1.0, 1.1, 1.2)
    made.write(step=1, phase="all", loss={"ko": 1.23456789, "en": 1e-7 / 3})
    again = Ledger(made.text)
    assert again.text == made.text
    assert again.probed(1) == {"en": 1.1, "ko": 1.0} and again.probed(7) is None
    assert again.losses(5) == {"en": 0.0, "ko": 1.234568}
    assert all(json.loads(line) for line in made.text.splitlines())


def test_the_final_loss_is_a_mean_over_the_last_steps():
    made = Ledger()
    for step in range(10):
        made.write(step=step, loss={"ko": float(step)} | ({"en": 5.0} if step == 2 else {}))
    assert made.losses(4) == {"en": 5.0, "ko": 7.5}


def test_the_probe_reads_held_out_text_alone_and_whole_characters(given, tokenizer):
    from corpus.documents import read_file

    texts = probe_texts(given["tokens"], tokenizer, seed=0)
    assert sorted(texts) == ["en", "ko"]
    held = {
        lang: [
            row["text"] for row in read_file(given["tokens"].path.parent / f"mixture-published/heldout/{lang}.parquet")
        ]
        for lang in texts
    }
    for lang, listed in texts.items():
        assert len(listed) == len(held[lang]) == 6
        for text in listed:
            assert len(text.encode()) <= PROBE_BYTES and "�" not in text
            assert any(whole.startswith(text) for whole in held[lang])
    assert probe_texts(given["tokens"], tokenizer, seed=0) == texts
    assert probe_texts(given["tokens"], tokenizer, seed=1) != texts


def test_the_probe_measures_what_the_evaluation_measures(given, tokenizer):
    model = given["model"].path / "model"
    facts = json.loads((model / "extension.json").read_text())
    texts = probe_texts(given["tokens"], tokenizer, seed=0)
    found = probe(split(load_model(model, "fp32"), facts), tokenizer, texts)
    plain = load_model(model, "fp32")
    for lang, listed in texts.items():
        scores = score_documents(plain, tokenizer, listed, 512, 256, vocabulary=facts["vocabulary"])
        wanted = bits_per_byte(sum(one.nll for one in scores), sum(one.bytes for one in scores))
        assert found[lang] == pytest.approx(wanted, rel=1e-5)


def test_a_probe_leaves_the_model_ready_to_train(given, tokenizer):
    model = given["model"].path / "model"
    module = split(load_model(model, "fp32"), json.loads((model / "extension.json").read_text())).train()
    probe(module, tokenizer, {"ko": ["한국어 문서"]})
    assert module.training
    assert all(parameter.requires_grad and not parameter.is_inference() for parameter in module.parameters())
    assert torch.is_grad_enabled()
