"""Which start the new rows get: each is measured at step 0 on train documents that no row was fitted on.

Budgets are tokens, never seconds, the number of threads is fixed, and every random choice is seeded: on one kind of
processor the same text gives the same bytes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.documents import files
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer import alone, heads, joint, starts
from tokenizer.config import Extend
from tokenizer.fit_text import FitText, take
from tokenizer.followers import Followers
from tokenizer.frozen import Frozen, bits

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

METHODS = ("mean", "weighted", "first", "focus", "fitted")
AUTO = ("mean", "fitted")  # what `auto` makes and measures: what costs nothing, and what is fitted
THREADS = 2  # fixed, since sums of floats follow it
AFFORDABLE = 1_500_000_000  # parameters of a base above which `auto` is the mean
AWAY = 0.25  # English ids for the penalty, in shares of fit_tokens
ENGLISH = 1.01  # bits per byte of English against the base's that a chosen start may have, where one stays below
PROCESSOR = Path("/proc/cpuinfo")
FIRST = 0.3  # share of the streams that the output rows are fitted on before they are run


@dataclass(frozen=True)
class Start:
    """Rows of the new ids, (new ids, hidden) fp32; `tied` says that the output rows are the input rows."""

    inputs: torch.Tensor
    outputs: torch.Tensor
    tied: bool


@dataclass(frozen=True)
class Text:
    """What a base is fitted and measured on: the new language, and the language that must not change."""

    lang: str
    fitted: FitText
    away: FitText


def start(
    section: Extend,
    context: Context,
    source: Path,
    tokenizer: Tokenizer,
    parts: list[list[int]],
    lang: str,
    prefix: int,
) -> tuple[dict[str, torch.Tensor] | None, dict[str, Any]]:
    """The rows of the chosen start as `embed.resize` takes them (None: means, made file by file), and the metrics.

    `tokenizer` encodes text in new ids; `prefix` opens a document. Raises InputError where a start that is fitted was
    asked for by name and there is no text to fit it on.
    """
    documents = context.artifact("documents")
    if section.init == "mean" or not parts:
        return None, {"init": "mean"}
    if section.init == "auto" and parameters(source) > AFFORDABLE:
        return None, {"init": "mean", "starts": {"why": f"the base has more than {AFFORDABLE} parameters"}}
    text = Text(
        lang,
        take(documents, lang, tokenizer, prefix, section.fit_tokens, section.choose_tokens),
        away(documents, lang, tokenizer, prefix, section),
    )
    if not text.fitted.fit or (section.init == "auto" and not text.fitted.choose):
        if section.init != "auto":
            raise InputError(f"{documents.path} holds no '{lang}' train text to fit init: {section.init} on")
        return None, {"init": "mean", "starts": {"why": f"too little '{lang}' train text to choose on"}}
    with threads(THREADS):
        return _start(section, context, Frozen.load(source, parts, prefix, halves()), text)


def _start(
    section: Extend, context: Context, frozen: Frozen, text: Text
) -> tuple[dict[str, torch.Tensor] | None, dict[str, Any]]:
    names = AUTO if section.init == "auto" else ("mean", section.init)
    measured: dict[str, Any] = {}
    made: dict[str, Start] = {}
    seconds: dict[str, float] = {}
    base, english = base_figures(frozen, text)
    for name in names:
        context.stop_if_asked()
        begun = time.process_time()
        made[name] = make(name, frozen, text, context)
        seconds[name] = round(time.process_time() - begun, 1)
        measured[name] = {"bpb": figures(frozen, made[name], text, english)}
        context.event("start", method=name, **measured[name]["bpb"])
    context.provenance["starts_cpu_seconds"] = seconds
    chosen = choose(measured, base, text.lang) if section.init == "auto" else section.init
    metrics = {
        "chosen": chosen,
        "lang": text.lang,
        "base": {"bpb": base},
        "methods": measured,
        "documents": {text.lang: len(text.fitted.choose), "en": len(text.away.choose)},
        "bytes": {text.lang: text.fitted.size, "en": text.away.size},
        "fitted_on": sum(len(stream) - 1 for stream in text.fitted.fit),
    }
    found = made[chosen]
    tied = found.tied and frozen.head is frozen.table
    rows = {"inputs": found.inputs} if tied else {"inputs": found.inputs, "outputs": found.outputs}
    return rows, {"init": chosen, "starts": metrics}


def make(name: str, frozen: Frozen, text: Text, context: Context) -> Start:
    """The rows of one start."""
    parts, streams = frozen.parts, [*text.fitted.fit]

    def alike(rows: Callable[[torch.Tensor], torch.Tensor]) -> Start:
        inputs = rows(frozen.table)
        return Start(inputs, inputs if frozen.head is frozen.table else rows(frozen.head), True)

    if name == "weighted":
        counts = Counter(number for stream in streams for number in frozen.expand(stream))
        return alike(lambda matrix: starts.weighted(matrix, parts, counts))
    if name == "first":
        return Start(starts.mean(frozen.table, parts), starts.first(frozen.head, parts), False)
    if name == "focus":
        return alike(lambda matrix: starts.focus(matrix, parts, streams))
    if name == "fitted":
        return fitted(frozen, text, context)
    return alike(lambda matrix: starts.mean(matrix, parts))


def fitted(frozen: Frozen, text: Text, context: Context) -> Start:
    """Output rows on a part of the text, input and output rows together on all of it, and the output rows once more on
    the states that the input rows now give."""
    import torch

    def told(step: int, _loss: float) -> None:
        context.progress(step, None, "steps")
        context.stop_if_asked()

    streams = [text.fitted.fit[at] for at in joint.order(len(text.fitted.fit), 0)]
    counts: Counter[int] = Counter()
    for (_, after), times in text.fitted.pairs.items():
        counts[after] += times
    states = alone.isolated(frozen)
    narrow, wide = alone.features(states), heads.features(frozen, states, counts)
    followers = Followers.of(text.fitted.pairs, frozen.old + len(frozen.parts))
    nothing = torch.zeros(0, frozen.table.shape[1])
    elsewhere = heads.Positions.of(frozen, nothing, text.away.fit) if text.away.fit else None
    mean = starts.mean(frozen.head, frozen.parts)

    def head(inputs: torch.Tensor, some: list[list[int]]) -> torch.Tensor:
        positions = heads.Positions.of(frozen, inputs, some)
        return heads.fit(frozen, mean, wide, positions, elsewhere, followers, told)

    inputs = starts.mean(frozen.table, frozen.parts)
    outputs = head(inputs, streams[: max(1, int(FIRST * len(streams)))])
    inputs, _ = joint.fit(frozen, (inputs, narrow), (outputs, wide), streams, elsewhere, told)
    return Start(inputs, head(inputs, streams), False)


def base_figures(frozen: Frozen, text: Text) -> tuple[dict[str, float], heads.Positions | None]:
    """Bits per byte of the base, and the English positions, whose states no start changes."""
    import torch

    nothing = torch.zeros(0, frozen.table.shape[1])
    streams = [frozen.expand(stream) for stream in text.fitted.choose]
    found = {text.lang: _bits(frozen, heads.Positions.of(frozen, nothing, streams), nothing, text.fitted.size)}
    english = None
    if text.away.choose:
        english = heads.Positions.of(frozen, nothing, text.away.choose)
        found["en"] = _bits(frozen, english, nothing, text.away.size)
    return found, english


def figures(frozen: Frozen, made: Start, text: Text, english: heads.Positions | None) -> dict[str, float]:
    """Bits per byte at step 0, all ids in the softmax."""
    positions = heads.Positions.of(frozen, made.inputs, text.fitted.choose)
    found = {text.lang: _bits(frozen, positions, made.outputs, text.fitted.size)}
    if english is not None:
        found["en"] = _bits(frozen, english, made.outputs, text.away.size)
    return found


def _bits(frozen: Frozen, positions: heads.Positions, out: torch.Tensor, size: int) -> float:
    import torch

    with torch.no_grad():
        nll = frozen.nll(positions.states, positions.targets, out, positions.mass)
    return round(bits(float(nll.sum()), size), 6)


def choose(measured: dict[str, Any], base: dict[str, float], lang: str) -> str:
    """The method of the fewest bits in `lang` among those that leave English be; the first of equals."""
    kind = [name for name, found in measured.items() if found["bpb"].get("en", 0) <= ENGLISH * base.get("en", 0)]
    return min(kind or measured, key=lambda name: float(measured[name]["bpb"][lang]))


def away(documents: Artifact, lang: str, tokenizer: Tokenizer, prefix: int, section: Extend) -> FitText:
    """English train text; nothing where English is the language of the pieces. It holds old ids alone."""
    if lang == "en" or not files(documents, "train"):
        return FitText()
    return take(documents, "en", tokenizer, prefix, int(AWAY * section.fit_tokens), section.choose_tokens // 2)


def parameters(source: Path) -> int:
    """Numbers in all weights, from the files' headers."""
    import math

    from tokenizer.embed import shapes, weights

    return sum(math.prod(shape) for path in weights(source) for shape in shapes(path).values())


def halves() -> bool:
    """Whether this processor multiplies in bf16 faster than in fp32: Intel's do so by tiles alone (AMX)."""
    import torch

    if torch.cpu._is_amx_tile_supported():
        return True
    intel = PROCESSOR.exists() and "GenuineIntel" in PROCESSOR.read_text(errors="replace")
    return bool(torch.cpu._is_avx512_bf16_supported()) and not intel


@contextmanager
def threads(count: int) -> Iterator[None]:
    """torch with so many threads in here."""
    import torch

    was = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(was)
