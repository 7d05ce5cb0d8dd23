from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.errors import InputError
from tests.toys import ENGLISH, KOREAN, paragraphs
from tokenizer import choose
from tokenizer.config import Extend, Pieces
from tokenizer.embed import EMBEDDING, HEAD
from tokenizer.extend import run
from tokenizer.pieces import run as learn_pieces

SMALL = {"fit_tokens": 900, "choose_tokens": 400}


@pytest.fixture
def inputs(documents, build, published):
    def inputs(folder, sources=("ko", "en")):
        mixture = documents({lang: (lang, paragraphs(lang, 60)) for lang in sources}, mixture=True)
        pieces = build("pieces", learn_pieces, Pieces(size=150), {"documents": mixture})
        return {"model": published(folder), "pieces": pieces, "documents": mixture}

    return inputs


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_auto_takes_the_best_and_says_so(request, inputs, build, name) -> None:
    given = inputs(request.getfixturevalue(name))
    made = build("extend", run, Extend(**SMALL), given)
    found = made.metrics["starts"]
    assert set(found["methods"]) == set(choose.AUTO) and found["chosen"] == made.metrics["init"]
    assert found["documents"]["ko"] > 1 and found["bytes"]["en"] > 400 and found["fitted_on"] >= 900
    assert found["chosen"] == choose.choose(found["methods"], found["base"]["bpb"], "ko")
    assert set(made.manifest["provenance"]["starts_cpu_seconds"]) == set(choose.AUTO)

    # a second run, with other workers, gives the same bytes and figures
    (made.path / "manifest.json").unlink()
    again = build("extend", run, Extend(**SMALL), given, workers=3)
    assert again.metrics == made.metrics and again.manifest["files"] == made.manifest["files"]


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
@pytest.mark.parametrize("init", ["first", "fitted", "focus", "weighted"])
def test_every_start_leaves_old_ids_alone(request, inputs, build, name, init) -> None:
    given = inputs(request.getfixturevalue(name))
    made = build("extend", run, Extend(init=init, **SMALL), given)
    model, source = made.path / "model", given["model"].path / "model"
    tied = json.loads((source / "config.json").read_text())["tie_word_embeddings"]
    assert made.metrics["embeddings"]["tied"] is (tied and init in ("focus", "weighted"))
    before, after = load_file(source / "model.safetensors"), load_file(model / "model.safetensors")
    old = made.metrics["old_vocabulary"]
    assert torch.equal(after[EMBEDDING][:old], before[EMBEDDING])
    if HEAD in after:
        assert torch.equal(after[HEAD][:old], before.get(HEAD, before[EMBEDDING]))
        assert not torch.equal(after[HEAD][old:], after[EMBEDDING][old:])
        assert not after[HEAD][made.metrics["new_vocabulary"] :].any()
    one, two = (AutoModelForCausalLM.from_pretrained(str(place)).eval() for place in (source, model))
    tokenizer = AutoTokenizer.from_pretrained(str(model))
    ids = torch.tensor([tokenizer(ENGLISH[0])["input_ids"]])
    with torch.inference_mode():
        torch.testing.assert_close(two(ids).logits[..., :old], one(ids).logits, rtol=0, atol=1e-6)
        spoken = two.generate(
            torch.tensor([tokenizer(KOREAN[0], add_special_tokens=False)["input_ids"]]), max_new_tokens=8
        )
    assert spoken.max() < made.metrics["new_vocabulary"]


def test_english_has_a_say() -> None:
    measured = {
        "mean": {"bpb": {"ko": 2.1, "en": 1.001}},
        "first": {"bpb": {"ko": 1.9, "en": 1.2}},
        "focus": {"bpb": {"ko": 2.1, "en": 1.0}},
    }
    assert choose.choose(measured, {"ko": 1.7, "en": 1.0}, "ko") == "mean"
    assert choose.choose(measured, {"ko": 1.7}, "ko") == "first"
    assert choose.choose({"first": measured["first"]}, {"ko": 1.7, "en": 1.0}, "ko") == "first"


def test_a_base_too_large_to_run_gets_means(byte_level_model, inputs, build, monkeypatch) -> None:
    assert choose.parameters(byte_level_model) == sum(
        tensor.numel() for tensor in load_file(byte_level_model / "model.safetensors").values()
    )
    monkeypatch.setattr(choose, "AFFORDABLE", 1000)
    made = build("extend", run, Extend(**SMALL), inputs(byte_level_model)).metrics
    assert made["init"] == "mean" and "1000 parameters" in made["starts"]["why"] and made["embeddings"]["tied"]


def test_no_text_to_fit_on(byte_level_model, inputs, documents, build) -> None:
    given = {**inputs(byte_level_model), "documents": documents({"e": ("en", paragraphs("en", 20))}, mixture=True)}
    assert build("extend", run, Extend(**SMALL), given).metrics["init"] == "mean"
    with pytest.raises(InputError, match="no 'ko' train text to fit init: fitted"):
        build("extend", run, Extend(init="fitted", **SMALL), given)


def test_korean_alone_is_enough(byte_level_model, inputs, build) -> None:
    found = build("extend", run, Extend(init="fitted", **SMALL), inputs(byte_level_model, ("ko",))).metrics["starts"]
    assert set(found["methods"]["fitted"]["bpb"]) == {"ko"} and found["documents"]["en"] == 0


@pytest.mark.parametrize(("tiles", "wide", "name", "halved"), [
    (True, True, "GenuineIntel", True), (False, True, "GenuineIntel", False),
    (False, True, "AuthenticAMD", True), (False, False, "AuthenticAMD", False),
])  # fmt: skip
def test_products_are_in_bf16_where_that_is_faster(monkeypatch, tmp_path, tiles, wide, name, halved) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: wide)
    (tmp_path / "cpuinfo").write_text(f"vendor_id\t: {name}\n")
    monkeypatch.setattr(choose, "PROCESSOR", tmp_path / "cpuinfo")
    assert choose.halves() is halved
