"""The stage `base`: the model to start from, from a folder, a GGUF file or the Hub, as safetensors and tokenizer.

What is written loads the same everywhere: weights in one dtype, and a tokenizer.json that no loader rebuilds
(`PreTrainedTokenizerFast`; a model-specific class would assemble its own pipeline and change ids).
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from pipeline.context import Context
from pipeline.errors import InputError, StageFailed, first_line
from tokenizer.bpe import size, spelling
from tokenizer.config import Base
from tokenizer.embed import read_json, shapes
from tokenizer.embed import weights as weights_of
from tokenizer.folder import folder_tokenizer
from tokenizer.gguf import Gguf, renamed
from tokenizer.measure import encode
from tokenizer.probes import CODE, PROSE, round_trip, unchanged

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w.-]+)?")
HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.jinja"]
SHARD = "5GB"
PROBE_TOKENS = 48
COMPARED_TENSORS = 12  # of a GGUF file, spread over its length
ENDS = (("<|begin_of_text|>", "<|end_of_text|>"), ("<|endoftext|>", "<|endoftext|>"))


def run(section: Base, context: Context) -> dict[str, Any]:
    """Write `model/`; raises InputError where the source is missing, corrupt or at odds with its tokenizer."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    model = context.fresh("model")
    source = located(section.source, context)
    if source.suffix == ".gguf":
        facts = _from_gguf(Gguf(source), model, section, context)
    else:
        facts = _from_folder(source, model, section, context)
    config = read_json(model / "config.json")
    return {
        "license": section.license,
        "precision": section.precision,
        "architecture": config["model_type"],
        "vocabulary": config["vocab_size"],
        "tied": bool(config.get("tie_word_embeddings", False)),
        **{key: value for key, value in facts.items() if key != "license" or section.license == "unknown"},
    }


def located(source: str, context: Context) -> Path:
    """An absolute local path: the folder or GGUF file itself, or a Hub snapshot downloaded below the run's root."""
    path = Path(source).expanduser().absolute()
    if path.is_dir() or (path.is_file() and path.suffix == ".gguf"):
        return path
    if path.is_file():
        raise InputError(f"base.source {source} is a file but not a .gguf file")
    if not HUB_ID.fullmatch(source):
        raise InputError(f"base.source {source} does not exist")
    from huggingface_hub import snapshot_download

    name, _, revision = source.partition("@")
    try:
        found = snapshot_download(
            name, revision=revision or None, cache_dir=context.cache / "hub", allow_patterns=HUB_FILES
        )
    except Exception as error:  # the Hub client raises from several libraries
        raise InputError(
            f"base.source {source} is no local path, and the Hub did not give it: {first_line(error)}"
        ) from None
    return Path(found).absolute()


def _from_folder(source: Path, model: Path, section: Base, context: Context) -> dict[str, Any]:
    """A Hub-shaped folder; with `parity`, the saved model's logits must equal the source's to the bit."""
    if not (source / "config.json").is_file():
        raise InputError(f"{source} has no config.json: it is not a model folder")
    tokenizer, settings = folder_tokenizer(source)
    context.progress(0, 3, "steps")
    loaded = load_model(source, section.precision)
    rows = loaded.get_input_embeddings().weight.shape[0]
    if size(tokenizer) > rows:
        raise _disagree(source, tokenizer, rows)
    loaded.save_pretrained(str(model), max_shard_size=SHARD)
    save_tokenizer(tokenizer, settings, model)
    if (source / "tokenizer.model").is_file() and spelling(tokenizer, source).kind == "metaspace":
        shutil.copyfile(source / "tokenizer.model", model / "tokenizer.model")
    if (source / "chat_template.jinja").is_file():
        shutil.copyfile(source / "chat_template.jinja", model / "chat_template.jinja")
    facts: dict[str, Any] = {"parameters": sum(p.numel() for p in loaded.parameters())}
    ids = probe_ids(model)
    context.progress(1, 3, "steps")
    if section.parity:
        wanted = logits(loaded, ids)
        del loaded
        context.stop_if_asked()
        found = logits(load_model(model, section.precision), ids)
        difference = float((wanted.float() - found.float()).abs().max())
        if difference != 0 or wanted.shape != found.shape:
            raise StageFailed(f"the saved model's logits differ from those of {source} by {difference:g}")
        facts["parity"] = {"compared": "logits", "tokens": len(ids), "largest_difference": difference}
    return facts


def _from_gguf(source: Gguf, model: Path, section: Base, context: Context) -> dict[str, Any]:
    """Dequantised; with `parity`, tensors of the saved model are compared with a second reading of the file."""
    import torch
    from huggingface_hub import save_torch_state_dict
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    dtype = _dtype(section.precision)
    tokenizer = source.tokenizer()
    config = LlamaConfig(**source.config(), dtype=dtype, architectures=["LlamaForCausalLM"])
    if size(tokenizer) > config.vocab_size:
        raise _disagree(source.path, tokenizer, config.vocab_size)
    with torch.device("meta"):
        expected = {name: tensor.shape for name, tensor in LlamaForCausalLM(config).state_dict().items()}
    if config.tie_word_embeddings:
        expected.pop("lm_head.weight", None)
    context.progress(0, 3, "steps")
    weights = source.weights(dtype)
    if (found := {name: tensor.shape for name, tensor in weights.items()}) != expected:
        wrong = sorted({name for name, _ in set(found.items()) ^ set(expected.items())})
        raise InputError(f"{source.path}: {len(wrong)} tensors are not as its metadata says, the first is {wrong[0]}")
    context.stop_if_asked()
    parameters = sum(tensor.numel() for tensor in weights.values())
    save_torch_state_dict(weights, model, max_shard_size=SHARD)
    del weights
    config.save_pretrained(str(model))
    GenerationConfig.from_model_config(config).save_pretrained(str(model))
    save_tokenizer(tokenizer, source.settings(), model)
    facts = {"parameters": parameters, "license": source.license}
    context.progress(1, 3, "steps")
    if section.parity:
        facts["parity"] = {
            "compared": "tensors",
            "tensors": _same_tensors(source, model, dtype),
            "largest_difference": 0.0,
        }
        ids = probe_ids(model)
        context.provenance["probe_nats_per_token"] = nats_per_token(load_model(model, section.precision), ids)
    return facts


def _same_tensors(source: Gguf, model: Path, dtype: Any) -> int:
    """Compare tensors spread over the file, as saved, with a second reading of it; returns how many."""
    import torch
    from safetensors import safe_open

    again = Gguf(source.path)
    names = [str(tensor.name) for tensor in again.reader.tensors]
    names = names[:: max(1, len(names) // COMPARED_TENSORS)]
    holder = {name: path for path in weights_of(model) for name in shapes(path)}
    for name in names:
        saved = renamed(name, source.path)
        with safe_open(holder[saved], "pt") as file:
            if not torch.equal(file.get_tensor(saved), again.tensor(name).to(dtype)):
                raise StageFailed(f"the saved tensor {saved} differs from {name} of {source.path}")
    return len(names)


def load_model(folder: Path, precision: str) -> Any:
    """A causal language model in eval mode; raises InputError where weights are missing, extra or damaged."""
    from transformers import AutoModelForCausalLM

    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            str(folder.absolute()), dtype=_dtype(precision), output_loading_info=True, local_files_only=True
        )
    except Exception as error:  # damage shows as OSError, RuntimeError, SafetensorError, KeyError, ValueError ...
        raise InputError(f"{folder} cannot be loaded as a model: {first_line(error)}") from None
    if report["missing_keys"] or report.get("mismatched_keys"):
        names = sorted(map(str, [*report["missing_keys"], *report.get("mismatched_keys", [])]))
        raise InputError(f"{folder} lacks {len(names)} tensors that its config.json asks for, the first is {names[0]}")
    return model.eval()


def save_tokenizer(tokenizer: dict[str, Any], settings: dict[str, Any], model: Path) -> None:
    """Write tokenizer.json and a tokenizer_config.json; raises StageFailed where transformers reads other ids."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    text = json.dumps(tokenizer, ensure_ascii=False, indent=1)
    (model / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    config = {**settings, "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    (model / "tokenizer_config.json").write_text(
        json.dumps(config, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    plain = Tokenizer.from_str(text)
    loaded = AutoTokenizer.from_pretrained(str(model.absolute()))
    probes = [*unchanged(), *round_trip()]
    other = [loaded(probe, add_special_tokens=False)["input_ids"] for probe in probes]
    for probe, wanted, found in zip(probes, encode(plain, probes), other, strict=True):
        if wanted != found:
            raise StageFailed(f"transformers splits {probe[:60]!r} in another way than tokenizer.json says")


def _disagree(source: Path, tokenizer: dict[str, Any], rows: int) -> InputError:
    return InputError(f"{source}: the tokenizer has ids up to {size(tokenizer) - 1}, the checkpoint only {rows} rows")


def document_ids(tokenizer: Any) -> tuple[int, int]:
    """The ids that open and close a document: (prefix, separator).

    Llama-3: begin and end of text; `<|endoftext|>` for both where the vocabulary has it (SmolLM2, Qwen, GPT-2: it
    separates documents in their pretraining, whatever chat token is called bos); else bos and eos (Llama-2, Mistral).
    `tokenizer` is a transformers tokenizer. Raises InputError where it has no end-of-text token at all.
    """
    known = tokenizer.get_added_vocab()
    for prefix, separator in ENDS:
        if prefix in known and separator in known:
            return int(known[prefix]), int(known[separator])
    if tokenizer.eos_token_id is None:
        raise InputError("the tokenizer has no token that ends a text (eos_token)")
    prefix_id = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    return int(prefix_id), int(tokenizer.eos_token_id)


def probe_ids(model: Path) -> list[int]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model.absolute()))
    prefix, _ = document_ids(tokenizer)
    ids = tokenizer(PROSE[0] + "\n" + CODE[0], add_special_tokens=False)["input_ids"]
    return [prefix, *ids[: PROBE_TOKENS - 1]]


def logits(model: Any, ids: list[int]) -> Any:
    """(tokens, vocabulary) logits of one sequence, on CPU."""
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids])).logits[0].clone()


def nats_per_token(model: Any, ids: list[int]) -> float:
    """Mean negative log-likelihood: tells a model that reads text from one whose weights are scrambled."""
    import torch

    found = logits(model, ids).float()
    return float(torch.nn.functional.cross_entropy(found[:-1], torch.tensor(ids[1:])))


def _dtype(precision: str) -> Any:
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
