"""The stages `dapt` and `tapt`: continual pretraining on packed streams with replay, phases, a ledger and a gate."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import digest
from pipeline.context import Context
from pipeline.errors import ConfigError, Interrupted, StageFailed
from tokenizer.base import load_model
from tokenizer.cost import TRAIN, Shape
from tokenizer.embed import read_json, rows
from training.checkpoint import Checkpoints
from training.config import Dapt
from training.data import Data, Rows, check, micro_batches
from training.engine import all_finite, any_rank, barrier, open_engine, prepare, sum_over_ranks, threads, zero_stage
from training.freeze import RowAdam, parameter_groups, resting
from training.ledger import Ledger, probe, probe_texts, publish
from training.lines import IGNORED
from training.save import proof, whole_state, write_model
from training.schedule import Span, factor, span_at, spans
from training.tracking import Tracker

if TYPE_CHECKING:
    import torch

    from training.split import Split

PROGRESS_SECONDS = 0.3
LAST_STEPS = 20  # the final loss is a mean over so many


@dataclass
class Training:
    """What a step works on."""

    section: Dapt
    context: Context
    device: torch.device
    data: Data
    module: Split
    engine: Any
    adam: RowAdam | None
    spans: list[Span]
    accumulation: int


def run(section: Dapt, context: Context) -> dict[str, Any]:
    """Train and write `model/` and `log.jsonl`; returns metrics.

    Raises InputError where streams and model disagree, StageFailed for a loss that is not finite (naming the step) and
    for a broken gate whose action is `stop` (the checkpoint stays), Interrupted after SIGTERM.
    """
    from transformers import AutoTokenizer

    source = context.artifact("model").path / "model"
    tokens = context.artifact("tokens")
    check(tokens, source, rows(source))
    training = _open(section, context, source, Data(section, tokens))
    tokenizer = AutoTokenizer.from_pretrained(str(source.absolute()))
    texts = probe_texts(tokens, tokenizer, section.seed)
    checkpoints = Checkpoints(context, _identity(section, context), _layout(section, context))
    done, text = checkpoints.resume(training.engine, training.adam, training.device)
    ledger = Ledger(text)
    tracker = Tracker(context, section.model_dump(mode="json"))
    try:
        _train(training, ledger, tracker, checkpoints, done, lambda: probe(training.module, tokenizer, texts))
    finally:
        tracker.finish()

    documents = {lang: len(listed) for lang, listed in texts.items()}
    gate = ledger.gate(section.gate, documents)
    context.event("gate", **gate)
    if gate["passed"] is False and gate["action"] == "stop":
        raise StageFailed(
            f"{context.node}: bits per byte of '{gate['lang']}' rose by {gate['value']:+.2%}, the gate allows "
            f"{gate['limit']:+.2%}; the checkpoint is kept in {context.work}"
        )
    return _publish(training, source, ledger, gate, documents)


def _open(section: Dapt, context: Context, source: Path, data: Data) -> Training:
    """Model, engine and the new rows' optimizer, on this rank's device."""
    device = prepare(context, section.seed)
    from training.split import split

    model = load_model(source, section.precision).to(device)
    try:
        model.set_attn_implementation(context.run.attention)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"run.attention {context.run.attention} cannot be used: {error}") from None
    extension = source / "extension.json"
    module = split(model, read_json(extension) if extension.is_file() else None)
    del model
    adam = None if module.rows is None else RowAdam(module.rows.matrices(), section.beta2_rows, section.clip)
    accumulation = data.rows_per_step // (context.run.micro_batch * context.world)
    engine = open_engine(
        module,
        parameter_groups(module, section),
        precision=section.precision,
        micro_batch=context.run.micro_batch,
        accumulation=accumulation,
        clip=section.clip,
        context=context,
    )
    cut = spans(section.phases, data.steps, has_new_rows=adam is not None)
    return Training(section, context, device, data, module, engine, adam, cut, accumulation)


def _identity(section: Dapt, context: Context) -> str:
    inputs = {name: context.artifact(name).manifest_sha256 for name in ("model", "tokens")}
    return digest({"section": section.model_dump(mode="json"), "inputs": inputs})


def _layout(section: Dapt, context: Context) -> dict[str, Any]:
    """How the engine's state is cut into files: without ZeRO every rank count reads the same ones."""
    zero = zero_stage(context, section.precision)
    return {"run.zero": zero, "run.world": context.world} if zero else {"run.zero": 0}


def _train(
    training: Training, ledger: Ledger, tracker: Tracker, checkpoints: Checkpoints, done: int, measure: Any
) -> None:
    """Steps `done` to the last, with a probe and a checkpoint at every so many and at the end."""
    section, context, data = training.section, training.context, training.data
    per_step = data.rows_per_step * data.sequence
    context.progress(done * per_step, data.steps * per_step, "tokens")
    if done % section.checkpoint_every == 0 and ledger.probed(done) is None:  # a stop may have left it out
        bpb = measure()
        ledger.write(step=done, bpb=bpb)
        tracker.log(done, bpb=bpb)
        context.event("ledger", step=done, bpb=bpb)
    began = shown = time.monotonic()
    for step in range(done, data.steps):
        span = span_at(training.spans, step)
        share = factor(span, step, section.warmup, section.final)
        loss = _step(training, step, span, share)
        rates = {"rate_new_rows": section.rate_new_rows * share} if training.adam is not None else {}
        rate = section.rate * share if span.train == "all" else 0.0
        line = {"step": step + 1, "phase": span.train, "tokens": (step + 1) * per_step, "rate": rate, **rates}
        ledger.write(**line, loss=loss)
        tracker.log(step + 1, loss=loss, rate=rate, **rates)
        now = time.monotonic()
        if now - shown > PROGRESS_SECONDS:
            shown = now
            context.progress((step + 1) * per_step, data.steps * per_step, "tokens")
        last = step + 1 == data.steps
        stop = any_rank(context.stop_requested(), training.device) and not last
        if (step + 1) % section.checkpoint_every == 0 or last or stop:
            _check_finite(training, step + 1)
            if not stop:
                bpb = measure()
                ledger.write(step=step + 1, bpb=bpb)
                tracker.log(step + 1, bpb=bpb)
                context.event("ledger", step=step + 1, bpb=bpb, loss=loss)
            checkpoints.save(step + 1, training.engine, training.adam, ledger.text)
        if stop:
            raise Interrupted(f"{context.node} stopped after step {step + 1}; the same command resumes it")
    seconds = time.monotonic() - began
    if data.steps > done:
        context.provenance["tokens_per_second"] = round((data.steps - done) * per_step / seconds, 1)
    context.provenance |= {"resumed_at_step": done, "threads": threads(context), "device": str(training.device)}
    context.progress(data.steps * per_step, data.steps * per_step, "tokens")


def _check_finite(training: Training, step: int) -> None:
    """Raise StageFailed before a checkpoint would bring a NaN back at every resume."""
    rows = [] if training.module.rows is None else training.module.rows.matrices()
    moving = (one for one in training.module.parameters() if one.requires_grad)
    if not all_finite(itertools.chain(rows, moving), training.device):
        raise StageFailed(f"{training.context.node}: the weights are not finite after step {step}")


def _step(training: Training, step: int, span: Span, share: float) -> dict[str, float]:
    """One optimizer step; returns the mean loss of each language in it, in nats per token, over all ranks.

    Losses are divided by the step's own number of targets, so every token weighs the same on any rank. Raises
    StageFailed before anything moves where a loss is not finite.
    """
    import numpy as np
    import torch

    section, context, module, engine = training.section, training.context, training.module, training.engine
    torch.manual_seed(section.seed * 1_000_003 + step * 1009 + context.rank)
    rows = training.data.step(step)
    used = rows.targets != IGNORED
    seen = np.unique(np.concatenate([rows.ids.ravel(), rows.targets[used]]))
    present = torch.from_numpy(seen).to(training.device, torch.long)
    scale = context.world * training.accumulation / max(1, int(used.sum()))
    for group in engine.optimizer.param_groups:
        group["lr"] = group["peak"] * share
    module.train()
    langs = sorted(set(rows.langs))
    nll = torch.zeros(len(langs), dtype=torch.float64, device=training.device)
    parts = micro_batches(rows, context.rank, context.world, context.run.micro_batch)
    for number, part in enumerate(parts):
        tensors = part.tensors(training.device)
        if span.train == "new_rows":
            with resting(module):
                loss, found = module(**tensors, present=present, scale=scale / training.accumulation)
                loss.backward()
        else:
            loss, found = engine(**tensors, present=present, scale=scale)
            engine.backward(loss)
            if number + 1 < len(parts):
                engine.step()
        nll.index_add_(
            0, torch.tensor([langs.index(lang) for lang in part.langs], device=training.device), found.detach()
        )
    sum_over_ranks([nll])
    losses = _means(rows, langs, nll.tolist())
    bad = [lang for lang, loss in losses.items() if not math.isfinite(loss)]
    if bad:
        raise StageFailed(f"{context.node}: the loss of '{bad[0]}' at step {step + 1} is {losses[bad[0]]}")
    if span.train == "all":
        engine.step()
    if training.adam is not None:
        mine = present[present >= module.first] - module.first
        norm = training.adam.step(mine, section.rate_new_rows * share, context.world)
        if not math.isfinite(norm):
            raise StageFailed(f"{context.node}: the gradient of the new rows at step {step + 1} is {norm}")
    return losses


def _means(rows: Rows, langs: list[str], nll: list[float]) -> dict[str, float]:
    counts = dict.fromkeys(langs, 0)
    for lang, targets in zip(rows.langs, rows.targets, strict=True):
        counts[lang] += int((targets != IGNORED).sum())
    return {lang: total / counts[lang] for lang, total in zip(langs, nll, strict=True) if counts[lang]}


def _publish(
    training: Training, source: Path, ledger: Ledger, gate: dict[str, Any], documents: dict[str, int]
) -> dict[str, Any]:
    """Write `model/` and `log.jsonl` on rank 0; returns the metrics there and an empty mapping elsewhere."""
    import torch

    context, module, data = training.context, training.module, training.data
    state = whole_state(module, zero_stage(context, training.section.precision), context.rank)
    if context.rank == 0:
        write_model(state, source, context.fresh("model"), training.section.precision)
        publish(context.path / "log.jsonl", ledger.text)
        if training.device.type == "cuda":
            context.provenance["peak_device_bytes"] = torch.cuda.max_memory_allocated(training.device)
    barrier()
    if context.rank:
        return {}
    languages = data.tokens_per_language()
    return {
        "steps": data.steps,
        "tokens": {lang: one["tokens"] for lang, one in languages.items()},
        "data": languages,
        "flops_per_token": _flops(context.path / "model"),
        "loss": ledger.losses(LAST_STEPS),
        "ledger": ledger.summary(),
        "probe": {"documents": documents},
        "gate": gate,
        "phases": [
            {"train": span.train, "steps": span.last - span.first, "parameters": _trained(training, span)}
            for span in training.spans
        ],
        "rows": proof(state, source, module.first, training.adam),
    }


def _flops(model: Path) -> int:
    """Floating-point operations of a token in training, by the trained model's own shape (see `tokenizer.cost`)."""
    shape = Shape.of(model)
    return shape.flops(shape.rows, TRAIN)


def _trained(training: Training, span: Span) -> int:
    """Parameters that move in a span."""
    new = [] if training.module.rows is None else training.module.rows.matrices()
    count = sum(matrix.numel() for matrix in new)
    if span.train == "all":
        moving = [parameter for parameter in training.module.parameters() if parameter.requires_grad]
        count += sum(getattr(parameter, "ds_numel", parameter.numel()) for parameter in moving)
    return count
