"""Bits per byte against a reference that runs the model once per token."""

from __future__ import annotations

import math

import pytest

from eval import bpb
from pipeline.errors import StageFailed
from tests.toys import ENGLISH, KOREAN, paragraphs, toy_llama

PREFIX = 0  # <|endoftext|> of the toy tokenizer


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = toy_llama(tmp_path_factory.mktemp("toy"))
    model = AutoModelForCausalLM.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # a fresh model predicts all alike, which would hide an error of position
    return model, AutoTokenizer.from_pretrained(str(folder))


TEXTS = [*paragraphs("en", 3), "한", *paragraphs("ko", 2), "a", ENGLISH[2] * 3, KOREAN[0]]


def reference(model, tokenizer, text, window, stride, vocabulary=None):
    """One forward pass for every token, on exactly the context that the protocol states."""
    import torch

    sequence = [PREFIX, *tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]]
    total = 0.0
    for position in range(1, len(sequence)):
        begin = next(start for start in range(0, len(sequence), stride) if start + window >= position)
        with torch.no_grad():
            logits = model(torch.tensor([sequence[begin:position]])).logits[0, -1, :vocabulary].double()
        total -= logits.log_softmax(0)[sequence[position]].item()
    return total


@pytest.mark.parametrize(("window", "stride"), [(512, 512), (32, 16), (16, 16), (24, 5), (8, 1)])
def test_scores_are_the_references(toy, window, stride):
    texts = [TEXTS[0][:60], "한", "a", KOREAN[0][:12]]
    scores = bpb.score_documents(*toy, texts, window, stride, prefix=PREFIX)
    for text, score in zip(texts, scores, strict=True):
        assert score.nll == pytest.approx(reference(*toy, text, window, stride), rel=1e-5)


def test_a_wider_window_sees_more(toy):
    narrow, wide = (bpb.score_documents(*toy, TEXTS, size, size, prefix=PREFIX) for size in (8, 512))
    assert [score.nll for score in narrow] != pytest.approx([score.nll for score in wide], rel=1e-3)


def test_batches_do_not_change_scores(toy, monkeypatch):
    alone = bpb.score_documents(*toy, TEXTS, 32, 16, prefix=PREFIX, batch_tokens=1)
    together = bpb.score_documents(*toy, TEXTS, 32, 16, prefix=PREFIX, batch_tokens=100_000)
    monkeypatch.setattr(bpb, "HEAD_ROWS", 7)
    blocks = bpb.score_documents(*toy, TEXTS, 32, 16, prefix=PREFIX, batch_tokens=200)
    single = [bpb.score_documents(*toy, [text], 32, 16, prefix=PREFIX)[0] for text in TEXTS]
    for other in (together, blocks, single):
        assert [score.nll for score in other] == pytest.approx([score.nll for score in alone], rel=1e-5)
        assert [(score.tokens, score.bytes) for score in other] == [(score.tokens, score.bytes) for score in alone]


def test_every_token_is_scored_once_and_looks_back_as_stated():
    for length in range(1, 40):
        for window in range(1, 12):
            for stride in range(1, window + 1):
                seen = []
                for cut in bpb.windows(length, window, stride):
                    assert cut.end - cut.begin <= window and cut.begin < cut.fresh <= cut.end
                    for position in range(cut.fresh, cut.end + 1):
                        assert position - cut.begin >= min(position, window - stride + 1)
                    seen += range(cut.fresh, cut.end + 1)
                assert seen == list(range(1, length + 1))
    assert list(bpb.windows(0, 8, 4)) == []
    with pytest.raises(ValueError, match="stride"):
        list(bpb.windows(10, 4, 5))


def test_batches_hold_every_window_and_keep_to_the_budget():
    cuts = [cut for number, length in enumerate((3, 90, 17, 40)) for cut in bpb.windows(length, 16, 8, number)]
    made = list(bpb.batches(cuts, 50))
    assert sorted((cut for batch in made for cut in batch), key=cuts.index) == cuts
    for batch in made:
        lengths = [cut.end - cut.begin for cut in batch]
        assert len(batch) == 1 or max(lengths) * len(batch) <= 50


def test_units_are_the_original_texts(toy):
    text = "각 café"  # decomposed jamo and accent
    (score,) = bpb.score_documents(*toy, [text], 64, 64, prefix=PREFIX)
    assert (score.bytes, score.characters) == (len(text.encode()), len("각 café"))
    assert bpb.bits_per_byte(math.log(2) * 24, 12) == pytest.approx(2.0)
    assert bpb.score_documents(*toy, [""], 64, 64, prefix=PREFIX) == [bpb.Score(0.0, 0, 0, 0)]


def test_special_tokens_in_a_text_are_letters(toy):
    model, tokenizer = toy
    text = "before <|im_end|><|endoftext|> after"
    (ids,) = bpb.encode_plain(tokenizer, [text])
    assert not set(ids) & set(tokenizer.all_special_ids) and tokenizer.decode(ids) == text
    assert len(ids) > len(tokenizer(text, add_special_tokens=False)["input_ids"]), "the toy would parse them"
    assert bpb.score_documents(model, tokenizer, [text], 64, 64, prefix=PREFIX)[0].tokens == len(ids)


def test_the_prefix_is_the_one_that_opens_documents(toy):
    assert bpb.score_documents(*toy, TEXTS[:2], 64, 32) == bpb.score_documents(*toy, TEXTS[:2], 64, 32, prefix=PREFIX)
    assert bpb.score_documents(*toy, TEXTS[:2], 64, 32, prefix=1) != bpb.score_documents(*toy, TEXTS[:2], 64, 32)


def test_padding_rows_stay_out_of_the_softmax(toy):
    import copy

    import torch

    model, tokenizer = toy
    words = len(tokenizer)
    padded = copy.deepcopy(model)
    padded.resize_token_embeddings(words + 40, mean_resizing=False)
    with torch.no_grad():
        padded.get_input_embeddings().weight[words:] = 50.0
    plain = bpb.score_documents(model, tokenizer, TEXTS, 64, 32)
    assert bpb.score_documents(padded, tokenizer, TEXTS, 64, 32, vocabulary=words) == plain
    assert bpb.score_documents(padded, tokenizer, TEXTS, 64, 32) != plain, "the rows would count"


def test_a_head_that_is_not_plain_is_scored_by_the_whole_model(toy):
    from transformers import LlamaForCausalLM

    class Scaled(LlamaForCausalLM):
        def forward(self, *args, **kwargs):
            found = super().forward(*args, **kwargs)
            found.logits = found.logits * 0.5
            return found

    model, tokenizer = toy
    other = Scaled(model.config)
    other.load_state_dict(model.state_dict())
    assert bpb.is_plain(model) and not bpb.is_plain(other)
    (score,) = bpb.score_documents(other, tokenizer, [TEXTS[0][:50]], 32, 16)
    assert score.nll == pytest.approx(reference(other, tokenizer, TEXTS[0][:50], 32, 16), rel=1e-5)
    assert score.nll != pytest.approx(bpb.score_documents(model, tokenizer, [TEXTS[0][:50]], 32, 16)[0].nll, rel=1e-3)


def test_logits_of_ones_own_replace_the_head(toy):
    import torch

    model, tokenizer = toy
    words = len(tokenizer)

    def uniform(ids, rows, **_):
        yield torch.zeros(len(rows), words)

    scores = bpb.score_documents(model, tokenizer, TEXTS, 64, 32, logits=uniform)
    assert [score.nll for score in scores] == pytest.approx([score.tokens * math.log(words) for score in scores])


def test_a_model_in_training_is_scored_without_dropout_and_given_back_in_training(toy):
    import copy

    model, tokenizer = toy
    model = copy.deepcopy(model)
    model.config.attention_dropout = 0.5
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    still = bpb.score_documents(model, tokenizer, TEXTS, 64, 32)
    model.train()
    assert bpb.score_documents(model, tokenizer, TEXTS, 64, 32) == still
    assert model.training


def test_a_loss_that_is_not_finite_names_its_document(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = toy_llama(tmp_path, tied=False)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(str(folder)), AutoTokenizer.from_pretrained(str(folder))
    (ids,) = bpb.encode_plain(tokenizer, ["한"])
    with torch.no_grad():
        model.get_input_embeddings().weight[ids[0]] = math.nan
    with pytest.raises(StageFailed, match=r"of 'b' is nan"):
        bpb.score_documents(model, tokenizer, ["fine", "한한", "한"], 32, 32, names=["a", "b", "c"], batch_tokens=1)
    assert bpb.score_documents(model, tokenizer, ["fine"], 32, 32)[0].nll > 0


def test_progress_counts_tokens_and_may_stop(toy):
    seen = []
    scores = bpb.score_documents(*toy, TEXTS, 32, 16, advance=lambda done, total: seen.append((done, total)))
    total = sum(score.tokens for score in scores)
    assert seen[-1] == (total, total) and [done for done, _ in seen] == sorted({done for done, _ in seen})

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        bpb.score_documents(*toy, TEXTS, 32, 16, advance=stop)
