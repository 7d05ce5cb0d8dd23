from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.config import Base
from tokenizer.convert import BYTE, CONTROL, NORMAL, UNKNOWN
from tokenizer.gguf import Gguf, renamed, unpermuted

HF = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip


def permuted(matrix: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp's row order for rotary embeddings, row by row: new row 2i + h of a head is its old row h * half + i."""
    size = matrix.shape[0] // heads
    places = [half * (size // 2) + place for place in range(size // 2) for half in (0, 1)]
    order = [head * size + place for head in range(heads) for place in places]
    return matrix[order]


def write_gguf(path: Path, folder: Path, quantised: str = "Q8_0", architecture: str = "llama", **fields: str) -> Path:
    """The toy model of `folder` as a GGUF file, its matrices quantised."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    model = AutoModelForCausalLM.from_pretrained(str(folder))
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    config, state = model.config, model.state_dict()
    writer = GGUFWriter(str(path), architecture)
    writer.add_license("apache-2.0")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    add_tokenizer(writer, tokenizer)
    for key, value in fields.items():
        writer.add_string(key.replace("__", "."), value)
    names = [("token_embd.weight", "model.embed_tokens.weight"), ("output_norm.weight", "model.norm.weight")]
    if not config.tie_word_embeddings:
        names.append(("output.weight", "lm_head.weight"))
    for layer in range(config.num_hidden_layers):
        inner = [(short, long) for short, long in HF.items() if short[:4] in ("attn", "ffn_")]
        names += [(f"blk.{layer}.{short}.weight", f"model.layers.{layer}.{long}.weight") for short, long in inner]
    for short, long in names:
        array = state[long].numpy()
        if ".attn_q." in short:
            array = permuted(array, config.num_attention_heads)
        if ".attn_k." in short:
            array = permuted(array, config.num_key_value_heads)
        if array.ndim == 1 or quantised == "F32":
            writer.add_tensor(short, array)
        else:
            kind = GGMLQuantizationType[quantised]
            writer.add_tensor(short, quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_tokenizer(writer, tokenizer) -> None:
    import json

    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    tokens = [tokenizer.convert_ids_to_tokens(number) for number in range(len(tokenizer))]
    special = set(tokenizer.get_added_vocab())
    writer.add_token_list(tokens)
    if backend["model"]["byte_fallback"]:
        ranks = {}
        for rank, merge in enumerate(backend["model"]["merges"]):
            ranks.setdefault("".join(merge), rank)
        kinds = {"<unk>": UNKNOWN, "<s>": CONTROL, "</s>": CONTROL}
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([-float(ranks.get(token, 10_000)) for token in tokens])
        writer.add_token_types([BYTE if t.startswith("<0x") else kinds.get(t, NORMAL) for t in tokens])
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("smollm")
        writer.add_token_merges([" ".join(merge) for merge in backend["model"]["merges"]])
        writer.add_token_types([CONTROL if token in special else NORMAL for token in tokens])
        writer.add_chat_template(tokenizer.chat_template)
        writer.add_pad_token_id(tokenizer.pad_token_id)
        writer.add_add_bos_token(False)
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_unk_token_id(tokenizer.unk_token_id)


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_an_unquantised_file_gives_the_model_back_to_the_bit(request, build, tmp_path: Path, name: str) -> None:
    from tokenizer.base import run

    folder = request.getfixturevalue(name)
    made = build("base", run, Base(source=str(write_gguf(tmp_path / "toy.gguf", folder, "F32")))).path / "model"
    wanted, found = (AutoModelForCausalLM.from_pretrained(str(place)) for place in (folder, made))
    ids = torch.tensor([[1, 70, 80, 90, 65]])
    with torch.inference_mode():
        assert torch.equal(wanted(ids).logits, found(ids).logits)
    assert found.config.tie_word_embeddings == wanted.config.tie_word_embeddings
    assert found.config.rms_norm_eps == wanted.config.rms_norm_eps
    old, new = (AutoTokenizer.from_pretrained(str(place)) for place in (folder, made))
    for text in [*paragraphs("en", 20), *paragraphs("ko", 5), "tab\t 123  two"]:
        assert new(text)["input_ids"] == old(text)["input_ids"]
    assert (new.bos_token, new.eos_token, new.unk_token) == (old.bos_token, old.eos_token, old.unk_token)
    assert new.chat_template == old.chat_template


@pytest.mark.parametrize("quantised", ["Q8_0", "Q4_1", "Q4_0"])
def test_quantised_weights_equal_those_of_transformers_own_reader(
    byte_level_model: Path, build, tmp_path: Path, quantised: str
) -> None:
    from tokenizer.base import run

    path = write_gguf(tmp_path / "toy.gguf", byte_level_model, quantised)
    made = build("base", run, Base(source=str(path)))
    ours = AutoModelForCausalLM.from_pretrained(str(made.path / "model"))
    theirs = AutoModelForCausalLM.from_pretrained(str(tmp_path), gguf_file="toy.gguf", dtype=torch.float32)
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor), name
    assert made.metrics["license"] == "apache-2.0"
    assert made.metrics["parity"]["tensors"] > 10
    assert 0 < made.manifest["provenance"]["probe_nats_per_token"] < 10


def test_the_row_order_is_taken_back() -> None:
    matrix = np.arange(48.0).reshape(24, 2)
    assert torch.equal(unpermuted(torch.from_numpy(permuted(matrix, 3)), 3), torch.from_numpy(matrix))


CORRUPT = {
    "a merge of a missing piece": ("byte_level", "token_merges", lambda found: [*found, "q Ġzz"], "corrupt: .*Ġzz"),
    "a merge of three": ("byte_level", "token_merges", lambda found: [*found, "q u u"], "corrupt: "),
    "a token twice": ("byte_level", "token_list", lambda found: [*found[:-1], found[9]], "is there twice"),
    "few tokens": ("byte_level", "token_list", lambda found: found[:-1], "399 tokens and 400 of tokenizer.ggml.token_"),
    "few types": ("metaspace", "token_types", lambda found: found[:-3], "of tokenizer.ggml.token_type"),
    "few scores": ("metaspace", "token_scores", lambda found: found[:-5], "of tokenizer.ggml.scores"),
    "bos out of range": ("byte_level", "bos_token_id", lambda _: 100_000, "bos_token is number 100000 of 400"),
    "bos out of range, too": ("metaspace", "bos_token_id", lambda _: 100_000, "bos_token is number 100000"),
    "eos out of range": ("metaspace", "eos_token_id", lambda _: 100_000, "eos_token is number 100000"),
}


@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_vocabulary_is_named(request, build, tmp_path: Path, monkeypatch, name: str) -> None:
    from gguf import GGUFWriter

    from tokenizer.base import run

    kind, field, spoil, says = CORRUPT[name]
    honest = getattr(GGUFWriter, f"add_{field}")
    monkeypatch.setattr(GGUFWriter, f"add_{field}", lambda self, value: honest(self, spoil(value)))
    path = write_gguf(tmp_path / "toy.gguf", request.getfixturevalue(f"{kind}_model"), "F32")
    with pytest.raises(InputError, match=says) as caught:
        build("base", run, Base(source=str(path)))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_cannot_be_read_are_named(byte_level_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(b"GGUF no")
    with pytest.raises(InputError, match="not a GGUF file"):
        Gguf(path).config()
    with pytest.raises(InputError, match="'qwen2'"):
        Gguf(write_gguf(path, byte_level_model, architecture="qwen2")).config()
    with pytest.raises(InputError, match="rotary"):
        Gguf(write_gguf(path, byte_level_model, llama__rope__scaling__type="yarn")).config()
    with pytest.raises(InputError, match=r"blk\.0\.attn_bias"):
        renamed("blk.0.attn_bias.weight", path)
    whole = write_gguf(path, byte_level_model).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a GGUF file"):
        Gguf(path).config()
