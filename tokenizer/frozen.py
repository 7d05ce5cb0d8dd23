"""The base model at rest on the CPU in fp32: hidden states of text in old or new ids, nothing of it ever changing.

A new id stands for the old ids it is made of, so that one text has two streams: new ids (the student's) and the old
ids they expand to (the base's own tokens, which merges behind the old ones never re-split).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

TREE = 448  # nodes in one forward pass over a tree, its ancestors not counted
BLOCK = 256  # positions whose logits over the whole vocabulary exist at once


@dataclass(frozen=True)
class Frozen:
    """`table` and `head` are (old rows, hidden), the same tensor where tied; `parts[n]` are the old ids of new id n."""

    model: Any
    table: torch.Tensor
    head: torch.Tensor
    parts: list[list[int]]
    prefix: int
    half: bool = False  # the body multiplies in bf16, which a processor made for it does in half the time

    @classmethod
    def load(cls, source: Path, parts: list[list[int]], prefix: int, half: bool = False) -> Frozen:
        """Read the weights of `source` as fp32; no weight asks for a gradient."""
        import torch
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(str(source.absolute()), dtype=torch.float32).eval()
        model.requires_grad_(False)
        return cls(
            model, model.get_input_embeddings().weight, model.get_output_embeddings().weight, parts, prefix, half
        )

    @property
    def old(self) -> int:
        """How many rows the base has: the first new id."""
        return len(self.table)

    def expand(self, ids: Sequence[int]) -> list[int]:
        """The old ids that a stream stands for."""
        listed: list[int] = []
        for number in ids:
            listed.extend(self.parts[number - self.old] if number >= self.old else [number])
        return listed

    def embed(self, ids: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """(..., hidden) input embeddings of `ids`, the new ones from `rows` (which may ask for a gradient)."""
        import torch

        if not len(rows):
            return self.table[ids]
        new = ids >= self.old
        known = self.table[ids.clamp(max=self.old - 1)]
        return torch.where(new[..., None], rows[(ids - self.old).clamp(min=0)], known)

    def last(self, embedded: torch.Tensor) -> torch.Tensor:
        """(batch, length, hidden): the final normalised hidden states, what the head is multiplied with."""
        with self.halved():
            found: torch.Tensor = self.model.base_model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return found.float()

    def halved(self) -> AbstractContextManager[Any]:
        """Products in bf16 in here, where `half` says so."""
        import torch

        return torch.autocast("cpu", torch.bfloat16, enabled=self.half)

    def tree(self, embedded: torch.Tensor, parents: Sequence[int], layers: Sequence[int]) -> list[torch.Tensor]:
        """(nodes, hidden) states of a tree behind the prefix, after each of `layers` (1-based, ascending).

        Node n follows node `parents[n]` < n (-1: the prefix itself) and sees its ancestors alone, so that what many
        words begin with is computed once. Layers above the last one asked for are not run; the state after the
        model's last layer is the one before the final norm.
        """
        import torch

        depth: list[int] = []
        for parent in parents:
            depth.append(1 if parent < 0 else depth[parent] + 1)
        kept: list[list[torch.Tensor]] = [[] for _ in layers]
        for start in range(0, len(parents), TREE):
            nodes = list(range(start, min(start + TREE, len(parents))))
            for node in nodes[:]:  # ancestors from earlier blocks are run again
                up = parents[node]
                while 0 <= up < start and up not in nodes:
                    nodes.append(up)
                    up = parents[up]
            nodes.sort()
            found = self._block(embedded, parents, depth, nodes, layers)
            for states, one in zip(kept, found, strict=True):
                states.append(one[1 + nodes.index(start) :])
        return [torch.cat(states) for states in kept]

    def _block(
        self, embedded: torch.Tensor, parents: Sequence[int], depth: list[int], nodes: list[int], layers: Sequence[int]
    ) -> list[torch.Tensor]:
        import torch

        place = {node: at for at, node in enumerate(nodes, 1)}
        sees = torch.zeros(len(nodes) + 1, len(nodes) + 1, dtype=torch.bool)
        sees[:, 0] = True
        for node, at in place.items():
            if parents[node] >= 0:
                sees[at] |= sees[place[parents[node]]]
            sees[at, at] = True
        body = self.model.base_model
        found: dict[int, torch.Tensor] = {}
        hooks = [
            body.layers[layer - 1].register_forward_hook(
                lambda _module, _given, out, layer=layer: found.__setitem__(
                    layer, out[0] if isinstance(out, tuple) else out
                )
            )
            for layer in layers
        ]
        whole = body.layers
        body.layers = torch.nn.ModuleList(list(whole)[: max(layers)])
        try:
            with torch.no_grad(), self.halved():
                body(
                    inputs_embeds=torch.cat([self.table[self.prefix][None], embedded[nodes]])[None],
                    attention_mask=torch.zeros(sees.shape).masked_fill(~sees, torch.finfo(torch.float32).min)[
                        None, None
                    ],
                    position_ids=torch.tensor([[0, *(depth[node] for node in nodes)]]),
                    use_cache=False,
                )
        finally:
            body.layers = whole
            for hook in hooks:
                hook.remove()
        return [found[layer][0].float() for layer in layers]

    def old_mass(self, states: torch.Tensor) -> torch.Tensor:
        """(positions,): log-sum of the exponentials of the old ids' logits at each state (positions, hidden)."""
        import torch

        with self.halved():
            return torch.cat([(part @ self.head.T).float().logsumexp(-1) for part in torch.split(states, BLOCK)])

    def nll(self, states: torch.Tensor, targets: torch.Tensor, out: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
        """(positions,): -log p of `targets` in nats, `out` (new ids, hidden) being the new ids' output rows."""
        import torch

        places = targets[:, None]
        chosen = (self.head[places.clamp(max=self.old - 1)] @ states[:, :, None])[..., 0]
        if len(out):
            new = states @ out.T
            mass = torch.logaddexp(mass, new.logsumexp(-1))
            chosen = torch.where(places >= self.old, new.gather(-1, (places - self.old).clamp(min=0)), chosen)
        return mass - chosen[:, 0]


def trie(parts: Sequence[Sequence[int]]) -> tuple[list[int], list[int], list[int]]:
    """Sequences as a tree in depth-first order: each node's id and parent, and the last node of each sequence."""
    ids: list[int] = []
    parents: list[int] = []
    ends = [0] * len(parts)
    path: list[int] = []
    told: Sequence[int] = ()
    for number in sorted(range(len(parts)), key=lambda number: list(parts[number])):
        part = parts[number]
        shared = 0
        while shared < min(len(told), len(part)) and told[shared] == part[shared]:
            shared += 1
        del path[shared:]
        for token in part[shared:]:
            parents.append(path[-1] if path else -1)
            path.append(len(ids))
            ids.append(token)
        ends[number] = path[-1]
        told = part
    return ids, parents, ends


def bits(nll: float, size: int) -> float:
    """Nats over `size` UTF-8 bytes as bits per byte."""
    return nll / math.log(2) / size
