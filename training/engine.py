"""The training engine: ranks, device, determinism, and `deepspeed.initialize` set up so that nothing is compiled.

A stage calls `prepare` once, builds its model on the device that it returns, and opens the engine over its parameter
groups. ZeRO stage, offload and world size come from `run:`, batch and precision from the section.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pipeline.context import Context
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import torch

PERSISTENT = 10_000  # ZeRO-3 keeps parameters with fewer elements whole on every rank: norms, biases
QUIET_STEPS = 10**9


def prepare(context: Context, seed: int = 0) -> torch.device:
    """Set threads, determinism and the process group of this rank; returns the device to build the model on.

    Safe to call again in one process. With one rank no port is opened. Raises ConfigError where `run.device: cuda`
    finds no GPU, or where there are more ranks here than GPUs.
    """
    local = int(os.environ.get("LOCAL_RANK", "0")) if context.world > 1 else 0
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats its sums only with a fixed workspace
    os.environ.setdefault("TORCH_EXTENSIONS_DIR", str(context.cache / "torch_extensions"))
    import torch

    device = _device(context, local)
    os.environ["DS_ACCELERATOR"] = device.type
    torch.set_num_threads(threads(context))
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a pass over every tensor
    torch.manual_seed(seed)
    _join(context, device, local)
    return device


def threads(context: Context) -> int:
    """Torch threads of one rank: `run.threads`, else OMP_NUM_THREADS, else the cores shared by the ranks."""
    if context.run.threads is not None:
        return context.run.threads
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else max(1, len(os.sched_getaffinity(0)) // context.world)


def open_engine(
    model: torch.nn.Module,
    parameters: Sequence[dict[str, Any]] | torch.optim.Optimizer,
    *,
    precision: Literal["fp32", "bf16"],
    micro_batch: int,
    accumulation: int,
    clip: float,
    context: Context,
) -> Any:
    """`deepspeed.initialize` over `parameters`, torch AdamW groups or an optimizer; returns the engine.

    `engine(**inputs)`, `engine.backward(loss)` and `engine.step()` once per micro-batch; the step happens at every
    `accumulation`-th, on the mean of the losses given over micro-batches and ranks, its norm clipped to `clip`. Set
    rates on `engine.optimizer.param_groups`. `prepare` must have been called.
    """
    import torch

    deepspeed = _deepspeed()
    if isinstance(parameters, torch.optim.Optimizer):
        optimizer = parameters
    else:
        # torch's Adam, not DeepSpeed's, whose kernels are compiled at the first use; fused is one pass over memory
        optimizer = torch.optim.AdamW(list(parameters), fused=True)
    settings = {
        "train_batch_size": micro_batch * accumulation * context.world,
        "train_micro_batch_size_per_gpu": micro_batch,
        "gradient_accumulation_steps": accumulation,
        "gradient_clipping": clip,
        "steps_per_print": QUIET_STEPS,
        "bf16": {"enabled": precision == "bf16"},
        "data_types": {"grad_accum_dtype": "fp32"},
        "zero_optimization": _zero(context, precision),
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
    }
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=settings)
    if context.world == 1 and zero_stage(context, precision) == 0:
        engine.enable_backward_allreduce = False  # it would copy every gradient to divide it by one
    return engine


def zero_stage(context: Context, precision: str) -> int:
    """The stage that is opened: bf16 at `run.zero: 0` runs as stage 1, whose weights and sums are kept in fp32."""
    return max(context.run.zero, 1) if precision == "bf16" else context.run.zero


def _zero(context: Context, precision: str) -> dict[str, Any]:
    stage = zero_stage(context, precision)
    zero: dict[str, Any] = {"stage": stage}
    if stage == 3:
        zero["stage3_param_persistence_threshold"] = PERSISTENT
    if context.run.offload == "cpu" and stage:
        zero["offload_optimizer"] = {"device": "cpu"}
        if stage == 3:
            zero["offload_param"] = {"device": "cpu"}
    return zero


def _device(context: Context, local: int) -> torch.device:
    import torch

    wanted = context.run.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cpu":
        return torch.device("cpu")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if found <= local:
        raise ConfigError(
            f"run.device is cuda, but rank {context.rank} finds {found} GPUs and needs number {local + 1}"
        )
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


def _join(context: Context, device: torch.device, local: int) -> None:
    """Bring the process group up, once per process."""
    import torch.distributed as dist

    if dist.is_initialized():
        if (dist.get_world_size(), dist.get_rank()) != (context.world, context.rank):
            raise ConfigError(f"this process already is rank {dist.get_rank()} of {dist.get_world_size()}")
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    os.environ["RANK"], os.environ["WORLD_SIZE"] = str(context.rank), str(context.world)
    os.environ["LOCAL_RANK"] = str(local)
    if context.world == 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # a host name that does not resolve must not matter here
        dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)  # type: ignore[attr-defined]
        return
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]
    if missing:
        raise ConfigError(f"rank {context.rank} of {context.world} was started without {' and '.join(missing)}")
    if os.environ["MASTER_ADDR"] in ("127.0.0.1", "localhost"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group(backend, init_method="env://", rank=context.rank, world_size=context.world)


def _deepspeed() -> Any:
    """The module, with its shared-memory kernel left unbuilt and its messages on stderr."""
    import logging

    import deepspeed
    import deepspeed.ops

    deepspeed.ops.__compatible_ops__ = {"deepspeed_shm_comm": False}  # else the first launch calls a compiler
    for handler in logging.getLogger("DeepSpeed").handlers:
        if type(handler) is logging.StreamHandler:  # its own; others may have put theirs beside it
            handler.setStream(sys.stderr)  # stdout carries the command's answer
    deepspeed.init_distributed(verbose=False)  # adopts the process group that is there
    return deepspeed


def sum_over_ranks(tensors: Iterable[torch.Tensor]) -> None:
    """Replace each tensor, in place, by its sum over all ranks."""
    import torch.distributed as dist

    if dist.get_world_size() > 1:
        for tensor in tensors:
            dist.all_reduce(tensor)


def any_rank(flag: bool, device: torch.device) -> bool:
    """Whether the flag is up on any rank; every rank gets the same answer."""
    import torch

    raised = torch.tensor([float(flag)], device=device)
    sum_over_ranks([raised])
    return bool(raised.item())


def barrier() -> None:
    """Wait until every rank is here."""
    import torch.distributed as dist

    if dist.get_world_size() > 1:
        dist.barrier()


def all_finite(parameters: Iterable[torch.Tensor], device: torch.device) -> bool:
    """Whether every weight is finite on every rank; a finite loss may have had a slope that was not.

    With ZeRO-3 each rank looks at its own part.
    """
    import torch

    mine = (getattr(one, "ds_tensor", one).detach() for one in parameters)
    return not any_rank(not all(bool(torch.isfinite(tensor).all()) for tensor in mine), device)
