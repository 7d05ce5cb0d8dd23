"""The forgetting ledger: loss per language at every step, held-out bits per byte at every checkpoint, and the gate.

The log holds no clock, so the same run writes the same bytes; it is also the ledger's only memory, which is why a
checkpoint carries it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import Artifact
from training.config import Gate
from training.data import streams_of
from training.lines import shuffled

if TYPE_CHECKING:
    from training.split import Split

PROBE_DOCUMENTS = 12  # per language
PROBE_BYTES = 768  # UTF-8 bytes of each document, from its start
WINDOW = 1024
SMOKE = 30  # fewer documents than this tell of a large change only


class Ledger:
    """Lines of `log.jsonl`: `{"step", "phase", "tokens", "rate", ..., "loss"}` and `{"step", "bpb"}`."""

    def __init__(self, text: str = "") -> None:
        self._lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    @property
    def text(self) -> str:
        return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in self._lines)

    def write(self, **fields: Any) -> None:
        self._lines.append({key: _short(value) for key, value in fields.items()})

    def probed(self, step: int) -> dict[str, float] | None:
        """Bits per byte at a step, where they were measured."""
        return next((line["bpb"] for line in self._lines if "bpb" in line and line["step"] == step), None)

    def losses(self, last: int) -> dict[str, float]:
        """Mean loss per language, in nats per token, over the last `last` steps that hold the language."""
        found: dict[str, list[float]] = {}
        for line in self._lines:
            for lang, loss in line.get("loss", {}).items():
                found.setdefault(lang, []).append(loss)
        return {lang: round(sum(losses[-last:]) / len(losses[-last:]), 6) for lang, losses in sorted(found.items())}

    def summary(self) -> dict[str, dict[str, float | None]]:
        """Language -> bits per byte at the start and the end, the highest between, and the relative change."""
        probes = [line["bpb"] for line in self._lines if "bpb" in line]
        found: dict[str, dict[str, float | None]] = {}
        for lang in sorted(probes[0]) if probes else []:
            values = [probe[lang] for probe in probes]
            found[lang] = {
                "start": values[0],
                "end": values[-1],
                "highest": max(values),
                "change": round(values[-1] / values[0] - 1, 6) if values[0] else None,
            }
        return found

    def gate(self, gate: Gate, documents: dict[str, int]) -> dict[str, Any]:
        """The verdict at the end; `passed` is None where no held-out text of the gate's language was probed."""
        value = self.summary().get(gate.lang, {}).get("change")
        probed = documents.get(gate.lang, 0)
        return {
            "lang": gate.lang,
            "metric": f"bpb/{gate.lang}",
            "limit": gate.limit,
            "value": value,
            "passed": None if value is None else value <= gate.limit,
            "action": gate.action,
            "documents": probed,
            "smoke": probed < SMOKE,
        }


def _short(value: Any) -> Any:
    """Six decimals or six digits, whichever says more: enough for a curve, and the same on every reading."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, float):
        return round(value, 6) if abs(value) >= 1 else float(f"{value:.6g}")
    return value


def probe_texts(tokens: Artifact, tokenizer: Any, seed: int) -> dict[str, list[str]]:
    """Language -> openings of a few held-out documents drawn by seed: the same text whatever the tokenizer is."""
    langs = {one["lang"] for name, one in tokens.metrics["streams"].items() if name.startswith("heldout/")}
    found: dict[str, list[str]] = {}
    for lang in sorted(langs):
        documents = [
            (stream, number) for stream in streams_of(tokens, "heldout", lang) for number in range(len(stream))
        ]
        texts: list[str] = []
        for chosen in shuffled(len(documents), f"{seed}/heldout/{lang}").tolist():
            stream, number = documents[chosen]
            ids = stream.document(number)[1:-1].tolist()
            text = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            opening = text.encode()[:PROBE_BYTES].decode(errors="ignore")
            if opening.strip():
                texts.append(opening)
            if len(texts) == PROBE_DOCUMENTS:
                break
        if texts:
            found[lang] = texts
    return found


def probe(
    module: Split,
    tokenizer: Any,
    texts: dict[str, list[str]],
    advance: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Bits per byte of each language's texts, as `eval.bpb` measures them.

    Every rank scores every text: with ZeRO-3 all ranks must go through the same layers, and all get the same numbers.
    """
    from eval.bpb import bits_per_byte, score_documents

    window = min(WINDOW, int(module.body.config.max_position_embeddings))
    words = module.words
    found = {}
    for lang, listed in texts.items():
        scores = score_documents(
            module,
            tokenizer,
            listed,
            window,
            max(1, window // 2),
            vocabulary=words,
            names=_names(lang, listed),
            logits=module.blocks,
            advance=advance,
        )
        nll = sum(score.nll for score in scores)
        found[lang] = bits_per_byte(nll, sum(score.bytes for score in scores))
    return found


def _names(lang: str, texts: Sequence[str]) -> list[str]:
    return [f"held-out {lang} document {number}" for number in range(len(texts))]


def publish(path: Path, text: str) -> None:
    """Write the log whole, by rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
