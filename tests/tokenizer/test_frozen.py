from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tokenizer.frozen import TREE, Frozen, bits, trie

PARTS = [[7, 8], [7, 8, 9], [20], [7, 30, 31, 32]]


@pytest.fixture(scope="module")
def frozen(byte_level_model: Path) -> Frozen:
    return Frozen.load(byte_level_model, PARTS, 0)


def test_two_streams_of_one_text(frozen: Frozen) -> None:
    new = frozen.old
    assert frozen.expand([0, new, 5, new + 3]) == [0, 7, 8, 5, 7, 30, 31, 32]
    rows = torch.randn(4, frozen.table.shape[1])
    found = frozen.embed(torch.tensor([[5, new + 1]]), rows)
    assert torch.equal(found[0, 0], frozen.table[5]) and torch.equal(found[0, 1], rows[1])


def test_trie() -> None:
    ids, parents, ends = trie(PARTS)
    assert ids == [7, 8, 9, 30, 31, 32, 20] and parents == [-1, 0, 1, 0, 3, 4, -1] and ends == [1, 2, 6, 5]


def test_a_tree_sees_what_each_word_alone_sees(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, parents, ends = trie(PARTS)
    for limit in (TREE, 2):  # at 2 the ancestors of a block lie in earlier ones
        monkeypatch.setattr("tokenizer.frozen.TREE", limit)
        first, second = frozen.tree(frozen.table[torch.tensor(ids)], parents, [1, 2])
        for part, end in zip(PARTS, ends, strict=True):
            states: list[torch.Tensor] = []
            hook = frozen.model.base_model.layers[1].register_forward_hook(
                lambda _module, _given, out, states=states: states.append(out)
            )
            with torch.no_grad():
                lower = frozen.model(torch.tensor([[0, *part]]), output_hidden_states=True).hidden_states[1]
            hook.remove()
            torch.testing.assert_close(first[end], lower[0, -1], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(second[end], states[0][0, -1], rtol=1e-4, atol=1e-5)
    assert len(frozen.model.base_model.layers) == 2


def test_nll_is_that_of_the_whole_softmax(frozen: Frozen) -> None:
    torch.manual_seed(0)
    states, out = torch.randn(6, frozen.table.shape[1]), torch.randn(4, frozen.table.shape[1])
    targets = torch.tensor([3, frozen.old, frozen.old + 3, 0, 9, frozen.old + 1])
    mass = frozen.old_mass(states)
    whole = torch.nn.functional.cross_entropy(states @ torch.cat([frozen.head, out]).T, targets, reduction="none")
    torch.testing.assert_close(frozen.nll(states, targets, out, mass), whole)
    old = torch.tensor([3, 1, 2, 0, 9, 4])
    plain = torch.nn.functional.cross_entropy(states @ frozen.head.T, old, reduction="none")
    torch.testing.assert_close(frozen.nll(states, old, out[:0], mass), plain)


def test_bits() -> None:
    assert bits(8 * 0.6931471805599453, 4) == pytest.approx(2)


def test_products_in_bf16_are_near(frozen: Frozen) -> None:
    quick, ids = replace(frozen, half=True), torch.tensor([[0, 5, 9, 30]])
    exact = frozen.last(frozen.table[ids])
    found = quick.last(frozen.table[ids])
    assert found.dtype == torch.float32 and not torch.equal(found, exact)
    torch.testing.assert_close(found, exact, rtol=0.1, atol=0.1)
    torch.testing.assert_close(quick.old_mass(found[0]), frozen.old_mass(exact[0]), rtol=0.02, atol=0.02)
