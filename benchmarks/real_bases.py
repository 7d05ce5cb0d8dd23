"""base -> pieces -> extend -> pack through the command line, on the real tokenizers of Llama-2, Llama-3 and Mistral.

The tokenizers are real (`$MALMOI_DATA/tokenizer`), the weights are not: a toy Llama with as many rows as the real one
and a hidden size of 32. So this says what the extension does to ids and files, and nothing about the quality of starts.

`MALMOI_DATA=... python -m benchmarks.real_bases [--size 16000] [--megabytes 40]`
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tokenizer.base import save_tokenizer
from tokenizer.convert import LLAMA3

LLAMA3_ROWS = 128256  # 128,000 merges and 256 special tokens


def llama3(path: Path) -> dict[str, Any]:
    """Llama-3's tokenizer.json: merges from the tiktoken ranks, its 256 special tokens behind them."""
    from transformers.convert_slow_tokenizer import TikTokenConverter

    named = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    made = json.loads(TikTokenConverter(str(path), pattern=LLAMA3).converted().to_str())
    rest = [f"<|reserved_special_token_{number}|>" for number in range(256 - len(named))]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    made["added_tokens"] = [{"id": 128000 + at, "content": name, **flags} for at, name in enumerate([*named, *rest])]
    made["model"]["ignore_merges"] = True
    return dict(made)


def base(name: str, folder: Path, data: Path) -> Path:
    """A toy model folder with the real tokenizer's files and as many rows as the real model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    rows = LLAMA3_ROWS if name == "llama3" else 32000
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=rows, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    if name == "llama3":
        ends = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
        save_tokenizer(llama3(data / "tokenizer/llama3_tiktoken/meta-llama-3-8B.tiktoken"), ends, folder)
    else:
        file = {"llama2": "llama2_spm/tokenizer.model", "mistral": "mistral_v1_spm/tokenizer.model.v1"}[name]
        shutil.copyfile(data / "tokenizer" / file, folder / "tokenizer.model")
        (folder / "tokenizer.model").chmod(0o644)
    return folder


def write_texts(folder: Path, data: Path, megabytes: float) -> None:
    """Every Korean source cut to its share of the size, and English prose and code for the proof."""
    for lang in ("ko", "en"):
        found = sorted((data / f"corpus_{lang}").glob("*/*.jsonl.gz"))
        share = megabytes * 1e6 / len(found)
        for path in found:
            size = 0
            with (
                gzip.open(path, "rt", encoding="utf-8") as file,
                (folder / f"{path.parent.name}.jsonl").open("w") as out,
            ):
                for line in file:
                    text = json.loads(line)["text"]
                    row = {"text": text, "lang": lang, "source": path.parent.name, "license": "unknown"}
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
                    size += len(text.encode())
                    if size > share:
                        break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=16000)
    parser.add_argument("--megabytes", type=float, default=40, help="text per language")
    parser.add_argument("--keep", type=Path, help="folder to work in and to leave")
    given = parser.parse_args()
    data = Path(os.environ.get("MALMOI_DATA") or sys.exit("MALMOI_DATA names no folder"))
    with tempfile.TemporaryDirectory() as temporary:
        root = given.keep or Path(temporary)
        texts = root / "texts"
        texts.mkdir(parents=True, exist_ok=True)
        write_texts(texts, data, given.megabytes)
        sources = "\n".join(
            f"    {path.stem}: {{jsonl: {path}, lang: {path.stem[:2]}, license: unknown}}"
            for path in sorted(texts.iterdir())
        )
        for name in ("llama2", "mistral", "llama3"):
            folder = root / name
            shutil.rmtree(folder, ignore_errors=True)
            config = root / f"{name}.yaml"
            config.write_text(
                f"run: {{root: {root / 'runs'}, name: {name}}}\n"
                f"base: {{source: {base(name, folder, data)}}}\n"
                f"crawl:\n  sources:\n{sources}\n"
                "mix: {documents: crawl, heldout: 0.05, heldout_min: 4, heldout_max: 60}\n"
                f"pieces: {{size: {given.size}}}\n"
                f"extend: {{init: mean, size: {given.size}}}\n"
                "pack: {}\n"
            )
            command = [sys.executable, "-P", "-m", "pipeline.stage"]
            subprocess.run([*command, "all", "--config", str(config)], check=True, stdout=subprocess.DEVNULL)
            shown = subprocess.run(
                [*command, "show", "extend", "--config", str(config), "--json"], check=True, capture_output=True
            )
            show(name, json.loads(shown.stdout))


def show(name: str, manifest: dict[str, Any]) -> None:
    found = manifest["metrics"]
    proof, when = found["proof"], found["fertility"]
    print(f"\n{name} (toy weights): {found['old_vocabulary']} + {found['added']} = {found['padded_vocabulary']} padded")
    for lang in sorted(when["before"]):
        before, after = (when[key][lang]["tokens_per_character"] for key in ("before", "after"))
        print(
            f"  {lang}: {before:.3f} -> {after:.3f} tokens per character, {when['after'][lang]['documents']} documents"
        )
    print(
        "  unchanged:", {key: (one["texts"], one["tokens"], one["changed"]) for key, one in proof["unchanged"].items()}
    )
    print("  pieces:", {key: value for key, value in proof["pieces"].items() if key not in ("partial", "left_out")})
    print("  round trip:", proof["round_trip"], "control:", proof["control"])
    print("  readers:", proof["readers"], manifest["provenance"].get("readers"))


if __name__ == "__main__":
    main()
