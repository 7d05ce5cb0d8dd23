"""The stage `sft`: instruction tuning by LoRA, loss on the answers only.

A step's loss is the mean over all answer tokens of its conversations, however they are spread over micro-batches and
ranks, so every token weighs the same.
"""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import Artifact, digest
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted, StageFailed
from tokenizer.base import load_model
from training.checkpoint import Checkpoints
from training.config import Sft
from training.conversations import Batch, Conversations, gather, micro_batches
from training.engine import all_finite, any_rank, barrier, open_engine, prepare, sum_over_ranks, threads, zero_stage
from training.ledger import Ledger, publish
from training.lines import IGNORED
from training.lora import adapts_tied, add_lora, merge, save_adapter
from training.schedule import Span, factor
from training.template import ChatTemplate, ensure_template
from training.tracking import Tracker

if TYPE_CHECKING:
    import torch

PROGRESS_SECONDS = 0.3
CLIP = 1.0  # global gradient norm
BETAS = (0.9, 0.999)  # of Adam, as in Hu et al. 2021
FINAL = 0.1  # rate at the end, as a share of the peak
ENDS = 20  # the first and the last loss are means over so many steps at most
PROBE = 64  # tokens on which the merged model is compared with the adapter


@dataclass
class Tuning:
    """What a step works on; `adapted` is the peft model inside `engine`."""

    section: Sft
    context: Context
    device: torch.device
    data: Conversations
    steps: int
    adapted: Any
    engine: Any
    padding: int


def run(section: Sft, context: Context) -> dict[str, Any]:
    """Train and write `adapter/`, `model/`, `log.jsonl` and made pairs below `chat/`; returns metrics.

    Raises InputError and ConfigError for data, template and targets that cannot be used, StageFailed for a loss that
    is not finite (naming the step), Interrupted after SIGTERM.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device = prepare(context, section.seed)
    source = context.artifact("model").path / "model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.absolute()))
    given = ensure_template(tokenizer)
    template = ChatTemplate(tokenizer)
    closing = template.end_of_turn()
    data = gather(section, context, template)
    tuning = _open(section, context, source, data, closing, device)
    ledger = _train(tuning)
    weights = _weights(tuning)
    if context.rank == 0:
        save_adapter(tuning.adapted, weights, context.fresh("adapter"), _parent(context))
        tuning.adapted = tuning.engine = None  # the merge loads the model anew
        gc.collect()
        model = context.fresh("model")
        probe = data.rows[0].ids[:PROBE]
        context.provenance["merge_difference"] = merge(source, context.path / "adapter", model, probe, closing)
        if given:
            (model / "chat_template.jinja").write_text(tokenizer.chat_template, encoding="utf-8")
        publish(context.path / "log.jsonl", ledger.text)
    barrier()
    if context.rank:
        return {}
    return {
        "steps": tuning.steps,
        "trained_parameters": sum(tensor.numel() for tensor in weights.values()),
        "template": {"end_of_turn": tokenizer.convert_ids_to_tokens(closing), "made": given},
        **_figures(data, ledger, context),
    }


class _AdaptersOnly:
    """An engine to the checkpoints, without the frozen model: its weights stand in the input."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def save_checkpoint(self, *where: Any, **how: Any) -> None:
        self._engine.save_checkpoint(*where, exclude_frozen_parameters=True, **how)

    def load_checkpoint(self, *where: Any, **how: Any) -> None:
        self._engine.load_checkpoint(*where, load_module_strict=False, **how)


def _open(
    section: Sft, context: Context, source: Path, data: Conversations, padding: int, device: torch.device
) -> Tuning:
    """The model with its adapters, in an engine that trains nothing else."""
    import torch

    from eval.bpb import PLAIN, is_plain

    model = load_model(source, section.precision)
    if not is_plain(model):
        raise InputError(f"training knows {', '.join(sorted(PLAIN))}, not '{model.config.model_type}'")
    highest = max(max(row.ids) for row in data.rows)
    if highest >= model.config.vocab_size:
        raise InputError(f"{source}: the tokenizer gives id {highest}, the model has {model.config.vocab_size} rows")
    try:
        model.set_attn_implementation(context.run.attention)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"run.attention {context.run.attention} cannot be used: {error}") from None
    zero = zero_stage(context, section.precision)
    if zero == 3 and adapts_tied(model, section.lora):
        raise ConfigError("run.zero 3 cannot share an adapter between a tied embedding and head; use run.zero 2")
    adapted = add_lora(model, section.lora, section.seed).to(device)
    parameters = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    engine = open_engine(
        _answers(adapted),
        [{"params": parameters, "lr": section.rate, "betas": BETAS, "weight_decay": 0.0}],
        precision=section.precision,
        micro_batch=context.run.micro_batch,
        accumulation=section.batch // (context.run.micro_batch * context.world),
        clip=CLIP,
        context=context,
    )
    steps = data.steps(section.epochs, section.batch)
    torch.manual_seed(section.seed)
    return Tuning(section, context, device, data, steps, adapted, engine, padding)


def _answers(adapted: Any) -> torch.nn.Module:
    """A module of the adapted model that makes logits at answers only: most of a conversation may be prompt."""
    import torch

    class Answers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.adapted = adapted

        def forward(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            """(conversations, length) ids and targets -> the summed negative log-likelihood, in nats."""
            inner = self.adapted.get_base_model()
            hidden = inner.model(input_ids=ids, use_cache=False).last_hidden_state
            chosen = (targets != IGNORED).view(-1).nonzero().squeeze(1)
            logits = inner.lm_head(hidden.flatten(0, 1).index_select(0, chosen)).float()
            return torch.nn.functional.cross_entropy(logits, targets.view(-1)[chosen], reduction="sum")

    return Answers()


def _identity(section: Sft, context: Context) -> str:
    inputs = {name: found.manifest_sha256 for name, found in context.inputs.items() if isinstance(found, Artifact)}
    return digest({"section": section.model_dump(mode="json"), "inputs": inputs})


def _layout(section: Sft, context: Context) -> dict[str, Any]:
    zero = zero_stage(context, section.precision)
    return {"run.zero": zero, "run.world": context.world} if zero else {"run.zero": 0}


def _train(tuning: Tuning) -> Ledger:
    """From the newest checkpoint, or the start, to the last step; returns the log."""
    section, context = tuning.section, tuning.context
    checkpoints = Checkpoints(context, _identity(section, context), _layout(section, context))
    adapters = _AdaptersOnly(tuning.engine)
    done, text = checkpoints.resume(adapters, None, tuning.device)
    ledger = Ledger(text)
    tracker = Tracker(context, section.model_dump(mode="json"))
    try:
        _steps(tuning, ledger, tracker, lambda step: checkpoints.save(step, adapters, None, ledger.text), done)
    finally:
        tracker.finish()
    return ledger


def _steps(tuning: Tuning, ledger: Ledger, tracker: Tracker, save: Callable[[int], None], done: int) -> None:
    """Steps `done` to the last, with a checkpoint at every so many and at the end."""
    section, context, steps = tuning.section, tuning.context, tuning.steps
    span = Span("all", 0, steps)
    context.progress(done, steps, "steps")
    began = shown = time.monotonic()
    for step in range(done, steps):
        rate = section.rate * factor(span, step, section.warmup, FINAL)
        loss, answered = _step(tuning, step, rate)
        ledger.write(step=step + 1, rate=rate, answer_tokens=answered, loss=loss)
        tracker.log(step + 1, loss=loss, rate=rate, answer_tokens=answered)
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            context.progress(step + 1, steps, "steps")
        last = step + 1 == steps
        stop = any_rank(context.stop_requested(), tuning.device) and not last
        if (step + 1) % section.checkpoint_every == 0 or last or stop:
            _check_finite(tuning, step + 1)
            save(step + 1)
        if stop:
            raise Interrupted(f"{context.node} stopped after step {step + 1}; the same command resumes it")
    if steps > done:
        context.provenance["seconds_per_step"] = round((time.monotonic() - began) / (steps - done), 4)
    context.provenance |= {"resumed_at_step": done, "threads": threads(context), "device": str(tuning.device)}
    context.progress(steps, steps, "steps")


def _step(tuning: Tuning, step: int, rate: float) -> tuple[float, int]:
    """One optimizer step; returns the mean loss over the step's answer tokens, in nats, and how many they are.

    Raises StageFailed before anything moves where the loss is not finite.
    """
    import torch

    section, context, engine = tuning.section, tuning.context, tuning.engine
    torch.manual_seed(section.seed * 1_000_003 + step * 1009 + context.rank)  # dropout: the same after a resume
    rows = tuning.data.step(step, section.batch)
    answered = sum(sum(row.learned[1:]) for row in rows)
    parts = list(micro_batches(rows, context.rank, context.world, context.run.micro_batch, tuning.padding))
    scale = context.world * len(parts) / answered  # the engine takes the mean over micro-batches and ranks
    for group in engine.optimizer.param_groups:
        group["lr"] = rate
    engine.train()
    total = torch.zeros(1, dtype=torch.float64, device=tuning.device)
    for number, part in enumerate(parts):
        nll = engine(*Batch(*(tensor.to(tuning.device) for tensor in part)))
        engine.backward(nll * scale)
        total += nll.detach()
        if number + 1 < len(parts):
            engine.step()
    sum_over_ranks([total])
    loss = total.item() / answered
    if not math.isfinite(loss):
        raise StageFailed(f"{context.node}: the loss at step {step + 1} is {loss}")
    engine.step()
    return loss, answered


def _check_finite(tuning: Tuning, step: int) -> None:
    """Raise StageFailed before a checkpoint would bring a NaN back at every resume."""
    if not all_finite((one for one in tuning.adapted.parameters() if one.requires_grad), tuning.device):
        raise StageFailed(f"{tuning.context.node}: the adapter is not finite after step {step}")


def _weights(tuning: Tuning) -> dict[str, torch.Tensor]:
    """The trained parameters by their name in the adapted model, on CPU; every rank calls it."""
    import deepspeed

    trained = {name: one for name, one in tuning.adapted.named_parameters() if one.requires_grad}
    whole = zero_stage(tuning.context, tuning.section.precision) < 3
    with deepspeed.zero.GatheredParameters(list(trained.values()), enabled=not whole):
        found = {name: parameter.detach().float().cpu().clone() for name, parameter in trained.items()}
    return found


def _parent(context: Context) -> str:
    """Which model the adapter belongs to, as a path below `run.root`."""
    parent = context.artifact("model")
    return f"{parent.manifest['stage']}/{parent.fingerprint}/model"


def _figures(data: Conversations, ledger: Ledger, context: Context) -> dict[str, Any]:
    """Figures of the data and of the loss; sets the counts."""
    skipped = sum(count for one in data.facts.values() for count in one["skipped"].values())
    kept, failed = len(data.rows), data.failed
    context.counts |= {"read": kept + skipped, "kept": kept, "dropped": skipped - failed, "failed": failed}
    losses = [json.loads(line)["loss"] for line in ledger.text.splitlines()]
    ends = max(1, min(ENDS, len(losses) // 2))
    return {
        "conversations": len(data.rows),
        "answer_tokens": data.answer_tokens,
        "loss": {
            "first": round(sum(losses[:ends]) / ends, 6),
            "last": round(sum(losses[-ends:]) / ends, 6),
            "steps": ends,
        },
        "data": data.facts,
    }
