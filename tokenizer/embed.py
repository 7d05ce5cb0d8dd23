"""Resizing embeddings offline: old rows as they are, new rows as given or means of sub-tokens' rows, padding rows zero.

Works on the safetensors files, one at a time, on CPU, before any sharding; only the file that holds the embedding or
the head is read, the others are copied. A tied model has one matrix, an untied one two. A tied model whose new output
rows are not its new input rows comes out untied: the head is written beside the embedding, its old rows the same.

Padding rows are zero: their ids never occur in text, and a zero output row has logit 0, which generation suppresses
(`suppress_tokens` in generation_config.json).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import write_json
from pipeline.errors import InputError

if TYPE_CHECKING:
    import torch

EMBEDDING = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
REPLACED = {
    "config.json", "generation_config.json", "model.safetensors.index.json", "extension.json", "tokenizer.json",
    "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
}  # fmt: skip


def rows(model: Path) -> int:
    """Rows of the input embedding; raises InputError where the folder has none or config.json says another number."""
    config = read_json(model / "config.json")
    shape = None
    for path in weights(model):
        shape = shapes(path).get(EMBEDDING, shape)
    if shape is None:
        raise InputError(f"{model} has no tensor {EMBEDDING}: only Llama-family models can be extended")
    if config.get("vocab_size") != shape[0]:
        raise InputError(
            f"{model / 'config.json'} says vocab_size {config.get('vocab_size')}, {EMBEDDING} has {shape[0]} rows"
        )
    return shape[0]


def resize(
    source: Path, target: Path, parts: list[list[int]], padded: int, given: dict[str, torch.Tensor] | None = None
) -> dict[str, Any]:
    """Write the model of `source` into `target` with `len(parts)` new rows and padding up to `padded` rows.

    `given` are the new rows (fp32, stored in the model's dtype): `inputs`, and `outputs` unless the head is tied and
    stays so. Without it row V0 + n is the mean of the rows of the old ids `parts[n]`. Returns the shapes and whether
    the head is tied. Raises InputError where an id has no row.
    """
    import torch
    from safetensors.torch import load_file, save_file

    old = rows(source)
    if any(number >= old for ids in parts for number in ids):
        raise InputError(f"{source}: the tokenizer has ids at or above the {old} rows of {EMBEDDING}")
    config = read_json(source / "config.json")
    tied = bool(config.get("tie_word_embeddings", False))
    named = {EMBEDDING: "inputs", HEAD: "outputs"}
    untie = tied and given is not None and "outputs" in given
    grown: dict[str, list[int]] = {}
    extra_bytes = 0
    place = ""
    for path in weights(source):
        found = [name for name in (EMBEDDING, HEAD) if name in shapes(path)]
        if untie and found == [HEAD]:  # a tied model's unread copy: the head is written beside the embedding
            tensors = load_file(path)
            extra_bytes -= tensors[HEAD].numel() * tensors.pop(HEAD).element_size()
            save_file(tensors, target / path.name, metadata={"format": "pt"})
            continue
        if not found:
            shutil.copyfile(path, target / path.name)
            continue
        tensors = load_file(path)
        if untie and EMBEDDING in found:
            tensors[HEAD] = tensors[EMBEDDING]
            extra_bytes += tensors[HEAD].numel() * tensors[HEAD].element_size() if HEAD not in found else 0
            found = [EMBEDDING, HEAD]
            place = path.name
        for name in found:
            matrix = tensors[name]
            new = torch.zeros(padded, matrix.shape[1], dtype=matrix.dtype)
            new[:old] = matrix
            if given is not None:
                new[old : old + len(parts)] = given[named[name] if named[name] in given else "inputs"].to(matrix.dtype)
            else:
                for number, ids in enumerate(parts, old):
                    new[number] = matrix[ids].float().mean(0).to(matrix.dtype)
            extra_bytes += (new.numel() - matrix.numel()) * matrix.element_size()
            grown[name] = list(new.shape)
            tensors[name] = new
        temporary = target / f".{path.name}.tmp"
        save_file(tensors, temporary, metadata={"format": "pt"})
        temporary.replace(target / path.name)
    index = source / "model.safetensors.index.json"
    if index.is_file():
        found_index = read_json(index)
        if "total_size" in found_index.setdefault("metadata", {}):  # transformers asks for the mapping itself
            found_index["metadata"]["total_size"] += extra_bytes
        if place:
            found_index["weight_map"][HEAD] = place
        write_json(target / index.name, found_index)
    tied = tied and not untie
    write_json(
        target / "config.json", {**config, "vocab_size": padded, **({"tie_word_embeddings": False} if untie else {})}
    )
    return {"tensors": grown, "tied": tied}


def write_extension(target: Path, old: int, added: int, padded: int) -> None:
    """`extension.json`: ids in [old, old + added) are learned pieces, ids from there to `vocabulary` are padding."""
    write_json(
        target / "extension.json",
        {"old_vocabulary": old, "added": added, "vocabulary": old + added, "padded_to": padded},
    )


def copy_rest(source: Path, target: Path, padding: list[int]) -> None:
    """The files that an extension leaves as they are, and a generation config that never chooses a padding id."""
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix != ".safetensors" and path.name not in REPLACED:
            shutil.copyfile(path, target / path.name)
    generation = read_json(source / "generation_config.json") if (source / "generation_config.json").is_file() else {}
    if padding:
        generation["suppress_tokens"] = sorted({*(generation.get("suppress_tokens") or []), *padding})
    if generation:
        write_json(target / "generation_config.json", generation)


def check_index(model: Path) -> None:
    """Raise InputError where the index names a file that is not there, or a tensor that its file lacks."""
    path = model / "model.safetensors.index.json"
    if not path.is_file():
        return
    places = read_json(path).get("weight_map")
    if not isinstance(places, dict):
        raise InputError(f"{path} has no weight_map")
    held: dict[str, dict[str, list[int]]] = {}
    for tensor, file in sorted(places.items()):
        if file not in held:
            if not (model / str(file)).is_file():
                raise InputError(f"{path} names {file}, which is not there")
            held[file] = shapes(model / file)
        if tensor not in held[file]:
            raise InputError(f"{path} looks for {tensor} in {file}, which does not hold it")


def weights(model: Path) -> list[Path]:
    found = sorted(model.glob("*.safetensors"))
    if not found:
        raise InputError(f"{model} has no safetensors file")
    return found


def shapes(path: Path) -> dict[str, list[int]]:
    """Name -> shape of a safetensors file, from its header alone."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is not a safetensors file: {error}") from None


def read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
