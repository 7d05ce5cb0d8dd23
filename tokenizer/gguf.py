"""A Llama-architecture GGUF file as a transformers model and tokenizer, dequantised.

Written against the file format of llama.cpp: its converter interleaves the two halves of every head's query and key
rows, for rotary embeddings that pair neighbours; `unpermuted` takes that back.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from tokenizer.convert import begin_with, byte_level, metaspace

OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@dataclass
class Gguf:
    """One GGUF file, memory-mapped. Raises InputError where it is corrupt or of another architecture."""

    path: Path

    @cached_property
    def reader(self) -> Any:
        from gguf import GGUFReader

        try:
            reader = GGUFReader(self.path)
        except Exception as error:  # the reader raises whatever the damage leads to
            raise InputError(f"{self.path} is not a GGUF file: {error}") from None
        field = reader.fields.get("general.architecture")
        architecture = field.contents() if field else None
        if architecture != "llama":
            raise InputError(f"{self.path} holds the architecture '{architecture}'; only 'llama' can be read")
        return reader

    def value(self, key: str, default: Any = None) -> Any:
        """A metadata field; raises InputError where it is absent and there is no default."""
        field = self.reader.fields.get(key)
        if field is None and default is None:
            raise InputError(f"{self.path} has no field {key}")
        return default if field is None else field.contents()

    @property
    def license(self) -> str:
        return str(self.value("general.license", "unknown"))

    def config(self) -> dict[str, Any]:
        """Arguments of `transformers.LlamaConfig`."""
        heads = int(self.value("llama.attention.head_count"))
        hidden = int(self.value("llama.embedding_length"))
        if any(tensor.name == "rope_freqs.weight" for tensor in self.reader.tensors) or self.value(
            "llama.rope.scaling.type", "none"
        ) not in ("none", ""):
            raise InputError(f"{self.path} scales its rotary embeddings; take the safetensors of this model instead")
        return {
            "vocab_size": int(self._tensor("token_embd.weight").shape[-1]),
            "hidden_size": hidden,
            "intermediate_size": int(self.value("llama.feed_forward_length")),
            "num_hidden_layers": int(self.value("llama.block_count")),
            "num_attention_heads": heads,
            "num_key_value_heads": int(self.value("llama.attention.head_count_kv", heads)),
            "head_dim": int(self.value("llama.rope.dimension_count", hidden // heads)),
            "max_position_embeddings": int(self.value("llama.context_length")),
            # stored as a 32-bit float: 1e-05 comes back as 9.99999974e-06
            "rms_norm_eps": float(f"{float(self.value('llama.attention.layer_norm_rms_epsilon')):.6g}"),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": float(self.value("llama.rope.freq_base", 10000.0)),
            },
            "tie_word_embeddings": not any(tensor.name == "output.weight" for tensor in self.reader.tensors),
            **{f"{name}_id": number for name, number in self.special().items() if name != "unk_token"},
        }

    def weights(self, dtype: Any) -> dict[str, Any]:
        """transformers' parameter names -> torch tensors of `dtype`."""
        return {renamed(tensor.name, self.path): self.tensor(tensor.name).to(dtype) for tensor in self.reader.tensors}

    def tensor(self, name: str) -> Any:
        """One tensor by its GGUF name, dequantised to fp32, rows in transformers' order."""
        import torch
        from gguf import dequantize

        found = self._tensor(name)
        try:
            array = dequantize(found.data, found.tensor_type)
        except (NotImplementedError, ValueError) as error:
            raise InputError(f"{self.path}: {name} cannot be dequantised: {error}") from None
        shape = [int(size) for size in reversed(found.shape)]
        heads = {"attn_q": "head_count", "attn_k": "head_count_kv"}.get(name.split(".")[-2])
        matrix = torch.from_numpy(array.copy()).reshape(shape)
        return matrix if heads is None else unpermuted(matrix, int(self.value(f"llama.attention.{heads}")))

    def _tensor(self, name: str) -> Any:
        found = next((tensor for tensor in self.reader.tensors if tensor.name == name), None)
        if found is None:
            raise InputError(f"{self.path} has no tensor {name}")
        return found

    @cached_property
    def tokens(self) -> list[str]:
        tokens = [str(token) for token in self.value("tokenizer.ggml.tokens")]
        if len(set(tokens)) != len(tokens):
            double = Counter(tokens).most_common(1)[0][0]
            raise InputError(f"{self.path}: its vocabulary is corrupt: the token {double!r} is there twice")
        return tokens

    def special(self) -> dict[str, int]:
        """bos_token, eos_token ... -> id, of those that the file names; raises InputError for one out of range."""
        ids = {name: int(self.value(f"tokenizer.ggml.{key}_token_id", -1)) for name, key in SPECIAL.items()}
        for name, number in ids.items():
            if number >= len(self.tokens):
                raise InputError(f"{self.path}: its {name} is number {number} of {len(self.tokens)} tokens")
        return {name: number for name, number in ids.items() if number >= 0}

    def tokenizer(self) -> dict[str, Any]:
        """tokenizer.json of the vocabulary in the file; raises InputError where its parts do not fit together."""
        from tokenizers import Tokenizer

        kind, special = self.value("tokenizer.ggml.model"), self.special()
        types = [int(number) for number in self._per_token("token_type")]
        if kind == "gpt2":
            merges = [str(merge) for merge in self.value("tokenizer.ggml.merges")]
            made = byte_level(self.tokens, merges, types, str(self.value("tokenizer.ggml.pre", "gpt-2")))
            begins = bool(self.value("tokenizer.ggml.add_bos_token", False))
        elif kind == "llama":
            scores = [float(score) for score in self._per_token("scores")]
            made = metaspace(self.tokens, scores, types, bool(self.value("tokenizer.ggml.add_space_prefix", True)))
            begins = bool(self.value("tokenizer.ggml.add_bos_token", True))
        else:
            raise InputError(f"{self.path} has a '{kind}' tokenizer; only 'gpt2' and 'llama' are BPE")
        if begins and "bos_token" not in special:
            raise InputError(f"{self.path} has no field tokenizer.ggml.bos_token_id")
        try:
            Tokenizer.from_str(json.dumps(made))
        except Exception as error:  # `tokenizers` raises the bare class
            raise InputError(f"{self.path}: its vocabulary is corrupt: {error}") from None
        return begin_with(made, self.tokens[special["bos_token"]]) if begins else made

    def _per_token(self, name: str) -> list[Any]:
        values = list(self.value(f"tokenizer.ggml.{name}"))
        if len(values) != len(self.tokens):
            raise InputError(f"{self.path} has {len(self.tokens)} tokens and {len(values)} of tokenizer.ggml.{name}")
        return values

    def settings(self) -> dict[str, Any]:
        """What belongs into tokenizer_config.json: special tokens, length, chat template."""
        settings: dict[str, Any] = {name: self.tokens[number] for name, number in self.special().items()}
        settings["model_max_length"] = int(self.value("llama.context_length"))
        template = self.value("tokenizer.chat_template", "")
        return {**settings, "chat_template": str(template)} if template else settings


SPECIAL = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}


def renamed(name: str, path: Path) -> str:
    """blk.3.attn_q.weight -> model.layers.3.self_attn.q_proj.weight."""
    parts = name.split(".")
    if parts[0] in OUTER and len(parts) == 2:
        return f"{OUTER[parts[0]]}.{parts[1]}"
    if parts[0] == "blk" and len(parts) == 4 and parts[2] in INNER:
        return f"model.layers.{parts[1]}.{INNER[parts[2]]}.{parts[3]}"
    raise InputError(f"{path} has a tensor {name} that a Llama has no place for")


def unpermuted(matrix: Any, heads: int) -> Any:
    """Rows (heads x dimension, ...) from neighbouring pairs back to two halves per head."""
    rows = matrix.shape[0]
    return matrix.reshape(heads, rows // heads // 2, 2, *matrix.shape[1:]).swapaxes(1, 2).reshape(matrix.shape)
