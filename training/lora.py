"""LoRA through peft: adapters on named linear layers, saved apart and merged into a plain model.

Hu et al. 2021. Weights named once stay one: where the head is tied to the embedding, an adapter on either is shared
by both, so that merging keeps them tied.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError, StageFailed, nearest
from training.config import Lora

if TYPE_CHECKING:
    import torch

EMBEDDINGS = ("embed_tokens", "lm_head")
TOLERANCE = 1e-5  # of the merged model's logits, relative to the largest where that is above 1
COPIED = ("tokenizer*", "special_tokens_map.json", "chat_template.jinja", "added_tokens.json", "extension.json")


def targets_of(model: torch.nn.Module, wanted: Iterable[str]) -> list[str]:
    """The names LoRA can be put on among `wanted`, in order, once each.

    Raises ConfigError for a name that no linear or embedding layer of the model ends in.
    """
    import torch

    known = sorted(
        {
            name.rsplit(".", 1)[-1]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear | torch.nn.Embedding)
        }
    )
    chosen = list(dict.fromkeys(wanted))
    for name in chosen:
        if name not in known:
            raise ConfigError(
                f"sft.lora.targets: the model has no layer '{name}'{nearest(name, known)} (it has {', '.join(known)})"
            )
    return chosen


def adapts_tied(model: Any, lora: Lora) -> bool:
    """Whether the adapters reach a weight that is embedding and head at once."""
    return bool(model.config.tie_word_embeddings) and any(name in EMBEDDINGS for name in lora.targets)


def add_lora(model: Any, lora: Lora, seed: int) -> Any:
    """The model as a `PeftModel` whose only trainable parameters are the adapters, initialised from `seed`."""
    import peft
    import torch

    targets = targets_of(model, lora.targets)
    tied = adapts_tied(model, lora)
    if tied:  # one weight, one adapter: peft ties the head's to the embedding's
        targets = [name for name in targets if name not in EMBEDDINGS] + ["embed_tokens"]
    settings = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets,
        bias="none",
        ensure_weight_tying=tied,
    )
    torch.manual_seed(seed)
    adapted = peft.get_peft_model(model, settings)
    if tied:
        _share(adapted)
    return adapted


def save_adapter(model: Any, weights: Mapping[str, torch.Tensor], folder: Path, base: str) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors`.

    `weights` are the trainable parameters by their name in `model`; `base` says which model they belong to, in words
    that hold on any machine.
    """
    import peft
    from safetensors.torch import save_file

    weights = {**weights, **_head_from_embedding(weights)}
    state = peft.get_peft_model_state_dict(model, state_dict=weights, save_embedding_layers=False)
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in sorted(state.items())},
              folder / "adapter_model.safetensors", metadata={"format": "pt"})  # fmt: skip
    settings = model.peft_config["default"].to_dict()
    settings |= {"base_model_name_or_path": base, "inference_mode": True}
    settings = {key: sorted(value) if isinstance(value, set) else value for key, value in settings.items()}
    text = json.dumps(settings, indent=2, sort_keys=True, default=str)
    (folder / "adapter_config.json").write_text(text + "\n", encoding="utf-8")


def _share(model: Any) -> None:
    """Make the tied head use the embedding's adapter itself.

    peft gives the head parameters of its own on the same memory: an optimizer would step them twice, and ZeRO, which
    moves parameters into buffers, would part them.
    """
    import torch

    class Transposed(torch.nn.Module):
        def __init__(self, source: torch.nn.Parameter) -> None:
            super().__init__()
            self.source = [source]  # in a list, so that it is not registered a second time

        @property
        def weight(self) -> torch.Tensor:
            return self.source[0].t()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.linear(x, self.weight)

    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    head.lora_A["default"] = Transposed(embedding.lora_embedding_B["default"])
    head.lora_B["default"] = Transposed(embedding.lora_embedding_A["default"])


def _head_from_embedding(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tied head's share of the adapter file, as peft writes and reads it; nothing where no embedding is adapted."""
    found = {}
    for part, other in (("A", "B"), ("B", "A")):
        for name, tensor in weights.items():
            stem, found_part, _ = name.partition(f".model.embed_tokens.lora_embedding_{other}.default")
            if found_part:
                found[f"{stem}.lm_head.lora_{part}.default.weight"] = tensor.t()
    return found


def merge(base: Path, adapter: Path, target: Path, probe: list[int], end_of_turn: int) -> float:
    """Write the base with the adapter merged in as a plain Hub-shaped folder, in the base's stored precision.

    The folder read back is compared with base plus adapter on the token ids `probe`; returns the largest difference
    of a logit. `generate` will stop at `end_of_turn`. Raises StageFailed where an fp32 model differs by more than
    TOLERANCE.
    """
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(str(base.absolute()), dtype=torch.float32)
    stored = _stored_dtype(base)
    model = peft.PeftModel.from_pretrained(plain, str(adapter.absolute())).eval()
    expected = _logits(model, probe)
    merged = _merged(model)
    stops = merged.generation_config.eos_token_id
    stops = [] if stops is None else [stops] if isinstance(stops, int) else list(stops)
    if end_of_turn not in stops:
        merged.generation_config.eos_token_id = [*stops, end_of_turn]
    merged.to(stored).save_pretrained(str(target.absolute()))
    del plain, model, merged
    for pattern in COPIED:
        for file in sorted(base.glob(pattern)):
            shutil.copyfile(file, target / file.name)
    again = AutoModelForCausalLM.from_pretrained(str(target.absolute()), dtype=torch.float32).eval()
    difference = float((_logits(again, probe) - expected).abs().max())
    limit = TOLERANCE * max(1.0, float(expected.abs().max()))
    if stored == torch.float32 and not difference <= limit:
        raise StageFailed(
            f"the merged model's logits differ from the adapter's by {difference:.2e}, more than {limit:.1e}"
        )
    return difference


def _merged(model: Any) -> Any:
    """`merge_and_unload`, which would add the adapter of a tied weight twice: once as embedding, once as head."""
    embedding = model.get_input_embeddings()
    shared = model.config.tie_word_embeddings and hasattr(embedding, "get_delta_weight")
    once = (embedding.weight + embedding.get_delta_weight("default")).detach().clone() if shared else None
    merged = model.merge_and_unload(safe_merge=True)
    if once is not None:
        merged.get_input_embeddings().weight.data = once
        merged.tie_weights()
    return merged


def _stored_dtype(folder: Path) -> torch.dtype:
    """The dtype of the weights in the files, since config.json may say otherwise."""
    import torch
    from safetensors import safe_open

    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(str(path), framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 (no mapping)
                found: torch.dtype = file.get_tensor(name).dtype
                return found
    return torch.float32


def _logits(model: Any, ids: list[int]) -> torch.Tensor:
    import torch

    with torch.no_grad():
        found: torch.Tensor = model(input_ids=torch.tensor([ids], device=model.device)).logits.float().cpu()
    return found
