"""The shared-context language model beside lm-eval's stock class."""

from __future__ import annotations

import itertools

import pytest

from eval import branches
from eval.bpb import logits_of
from pipeline.errors import InputError
from tests.toys import ENGLISH, KOREAN, toy_llama


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = toy_llama(tmp_path_factory.mktemp("toy"))
    model = AutoModelForCausalLM.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)
    return model, AutoTokenizer.from_pretrained(str(folder))


def requests(pairs):
    from lm_eval.api.instance import Instance

    return [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]


CONTEXTS = [ENGLISH[0], KOREAN[0], "Answer:", "", "trailing space "]
PAIRS = [
    *itertools.product(CONTEXTS, [" a", " the river runs", f" {KOREAN[1]}"]),
    *((ENGLISH[3], f" {letter}") for letter in "ABCD"),
    (ENGLISH[0], " a later request with a context seen before"),
]


def stock(toy, pairs, **options):
    from lm_eval.models.huggingface import HFLM

    model, tokenizer = toy
    return HFLM(pretrained=model, tokenizer=tokenizer, prefix_token_id=0, **options).loglikelihood(requests(pairs))


def ours(toy, pairs, advance=None):
    model, tokenizer = toy
    lm = branches.language_model(model, tokenizer, 0, logits_of(model, model.config.vocab_size), advance)
    return lm.loglikelihood(requests(pairs))


def same(found, expected):
    assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], rel=2e-5)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]


@pytest.mark.parametrize("packed", [1, 60, 1024])
def test_scores_are_the_stock_classes(toy, monkeypatch, packed):
    monkeypatch.setitem(branches.PACKED, "cpu", packed)
    same(ours(toy, PAIRS), stock(toy, PAIRS, batch_size=4))


def test_greedy_is_recognised(toy):
    import torch

    model, tokenizer = toy
    for length in range(5, 60):  # until the likeliest token is one that text splits into again
        context = ENGLISH[0][:length]
        ids = tokenizer(context)["input_ids"]
        with torch.no_grad():
            likeliest = int(model(torch.tensor([ids])).logits[0, -1].argmax())
        best = tokenizer.decode([likeliest])
        if tokenizer(context + best)["input_ids"] == [*ids, likeliest]:
            break
    pairs = [(context, best), (context, " zebra")]
    assert [greedy for _, greedy in stock(toy, pairs)] == [True, False]
    same(ours(toy, pairs), stock(toy, pairs))


def test_an_architecture_that_is_not_plain_takes_the_long_way(toy):
    from transformers import LlamaForCausalLM

    class Own(LlamaForCausalLM):
        pass

    model, tokenizer = toy
    other = Own(model.config)
    other.load_state_dict(model.state_dict())
    assert branches.shares_context(model) and not branches.shares_context(other)
    same(ours((other, tokenizer), PAIRS), stock(toy, PAIRS))


def test_padding_rows_stay_out_of_the_softmax(toy):
    import copy

    import torch

    model, tokenizer = toy
    words = model.config.vocab_size
    padded = copy.deepcopy(model)
    padded.resize_token_embeddings(words + 40, mean_resizing=False)
    with torch.no_grad():
        padded.get_input_embeddings().weight[words:] = 50.0
    lm = branches.language_model(padded, tokenizer, 0, logits_of(padded, words))
    same(lm.loglikelihood(requests(PAIRS)), stock(toy, PAIRS))


def test_special_tokens_in_an_item_are_letters(toy):
    model, tokenizer = toy
    lm = branches.language_model(model, tokenizer, 0, logits_of(model, model.config.vocab_size))
    assert not set(lm.tok_encode("a <|im_end|> b")) & set(tokenizer.all_special_ids)


def test_a_context_that_does_not_fit_loses_its_oldest_tokens(toy):
    context = list(range(3, 103))
    asked = [(("q", "a"), context, [5]), (("q", "b"), context, [6, 7, 8]), (("short", "b"), [3], [4])]
    (cut, short), number = branches.branch(asked, max_length=50)
    assert (cut.context, number, cut.order) == (context[-48:], 1, [0, 1])
    assert cut.length == 50 and short.context == [3]


def test_choices_that_cannot_be_scored_are_named():
    with pytest.raises(InputError, match="'nothing' adds no token"):
        branches.branch([(("q", "nothing"), [3], [])], 50)
    with pytest.raises(InputError, match="'endless' is longer than 50 tokens"):
        branches.branch([(("q", "a"), [3], [4]), (("q", "endless"), [3], [4] * 51)], 50)


def test_a_tree_lets_nobody_see_another_branch_or_item():
    one = branches.Branches([10, 11, 12], [[1, 2, 3], [4], [5, 6]], [0, 1, 2])
    two = branches.Branches([20], [[7], [8, 9]], [3, 4])
    ids, positions, seen, rows = branches.tree([one, two])
    assert ids.tolist() == [[10, 11, 12, 1, 2, 5, 20, 8]]
    assert positions.tolist() == [[0, 1, 2, 3, 4, 3, 0, 1]]
    assert rows == [2, 3, 4, 2, 2, 5, 6, 6, 7]
    looks = [[int(ids[0, column]) for column in range(8) if seen[row, column]] for row in range(8)]
    assert looks == [[10], [10, 11], [10, 11, 12], [10, 11, 12, 1], [10, 11, 12, 1, 2], [10, 11, 12, 5], [20], [20, 8]]


def test_rows_are_filled_in_order_and_never_beyond_the_budget():
    groups = [branches.Branches([1] * size, [[2]], [number]) for number, size in enumerate((9, 5, 5, 3, 1))]
    assert [[group.order[0] for group in row] for row in branches.pack(groups, 8)] == [[0], [1], [2, 3], [4]]
    assert branches.pack([], 8) == []


def test_progress_counts_choices_and_may_stop(toy):
    seen = []
    ours(toy, PAIRS, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(PAIRS), len(PAIRS))

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ours(toy, PAIRS, stop)
