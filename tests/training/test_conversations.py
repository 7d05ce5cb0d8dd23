import json
import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, StageFailed
from tests.toys import paragraphs, toy_tokenizer
from training.config import Sft
from training.conversations import Conversations, gather, micro_batches, padded
from training.template import ChatTemplate, Encoded


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    from transformers import AutoTokenizer

    return ChatTemplate(AutoTokenizer.from_pretrained(str(toy_tokenizer(tmp_path_factory.mktemp("toy")))))


def context_of(tmp_path, **inputs):
    part = tmp_path / "sft.part"
    part.mkdir(exist_ok=True)
    return Context(node="sft", path=part, inputs=inputs, run=Run(root=str(tmp_path)))


def chat_file(tmp_path, count, name="talk.jsonl"):
    path = tmp_path / name
    lines = (json.dumps({"prompt": f"What is {n}?", "response": f"It is {n}."}) + "\n" for n in range(count))
    path.write_text("".join(lines))
    return str(path)


def test_every_set_is_gathered_with_its_figures(tmp_path, template, documents):
    mixture = documents({"a": ("ko", paragraphs("ko", 30)), "b": ("en", paragraphs("en", 30))}, mixture=True)
    section = Sft(
        data={
            "talk": {"file": chat_file(tmp_path, 20), "license": "MIT", "limit": 12},
            "korean": {"made": "ko", "limit": 5},
        }
    )
    context = context_of(tmp_path, documents=mixture)
    found = gather(section, context, template)
    assert len(found.rows) == 17
    assert found.facts["talk"] == {
        "conversations": 12, "answer_tokens": sum(sum(row.learned) for row in found.rows[:12]),
        "license": "MIT", "made": False, "skipped": {},
    }  # fmt: skip
    assert (found.facts["korean"]["made"], found.facts["korean"]["license"]) == (True, "CC0-1.0")
    assert found.answer_tokens == sum(figures["answer_tokens"] for figures in found.facts.values())
    made = [json.loads(line) for line in (context.path / "chat" / "korean.jsonl").read_text().splitlines()]
    assert len(made) == 5
    assert all(pair["made"] is True for pair in made)
    assert not (context.path / "chat" / "talk.jsonl").exists()
    again = gather(section, context, template)
    assert (again.rows, again.facts) == (found.rows, found.facts)


def test_made_pairs_never_hold_heldout_text(tmp_path, template, documents):
    texts = [f"{text} 이 글의 번호는 {number}번이다." for number, text in enumerate(paragraphs("ko", 40))]
    mixture = documents({"a": ("ko", texts)}, mixture=True)
    context = context_of(tmp_path, documents=mixture)
    gather(Sft(data={"korean": {"made": "ko"}}), context, template)
    made = (context.path / "chat" / "korean.jsonl").read_text()
    assert sorted(int(number) for number in re.findall(r"번호는 (\d+)번", made)) == list(range(4, 40))


def test_a_limit_is_drawn_by_seed(tmp_path, template):
    path = chat_file(tmp_path, 50)
    drawn = {
        seed: gather(Sft(data={"t": {"file": path, "limit": 10}}, seed=seed), context_of(tmp_path), template).rows
        for seed in (0, 1)
    }
    assert drawn[0] != drawn[1]
    everything = gather(Sft(data={"t": {"file": path}}), context_of(tmp_path), template).rows
    assert drawn[0] != everything[:10]
    assert [row for row in everything if row in drawn[0]] == drawn[0]


def test_too_many_bad_records_fail_and_are_named(tmp_path, template):
    path = chat_file(tmp_path, 99)
    with Path(path).open("a") as file:
        file.write('{"prompt": "no answer"}\n')
    found = gather(Sft(data={"t": {"file": path}}), context_of(tmp_path), template)
    assert found.facts["t"]["skipped"] == {"no known layout; keys: prompt": 1}
    with pytest.raises(StageFailed, match=r"sft.data.t: 1 of 100 records .* talk.jsonl record 100: no known layout"):
        gather(Sft(data={"t": {"file": path}}, bad_records=0.005), context_of(tmp_path), template)


def test_a_set_without_a_usable_conversation_says_why(tmp_path, template):
    path = chat_file(tmp_path, 3)
    with pytest.raises(InputError, match=r"sft.data.t has no conversation .* within the sequence length \(3\)"):
        gather(Sft(data={"t": {"file": path}}, sequence=8), context_of(tmp_path), template)
    with pytest.raises(ConfigError, match=r"sft.data.k makes pairs from documents, and sft.documents names none"):
        gather(Sft(data={"k": {"made": "ko"}}), context_of(tmp_path), template)


def rows_of(count):
    return [Encoded([number, 1, 2 + number], [False, True, True]) for number in range(count)]


def test_each_epoch_shows_every_conversation_once_in_a_new_order():
    found = Conversations(rows_of(10), {}, seed=0)
    assert found.steps(1.0, 4) == 3
    assert found.steps(2.0, 5) == 4
    assert found.steps(0.01, 4) == 1
    shown = [row.ids[0] for step in range(5) for row in found.step(step, 4)]
    assert Counter(shown) == dict.fromkeys(range(10), 2)
    assert sorted(shown[:10]) == list(range(10))
    assert shown[:10] != shown[10:]
    assert shown != [row.ids[0] for step in range(5) for row in Conversations(rows_of(10), {}, 1).step(step, 4)]


def test_ranks_share_a_step_without_overlap():
    rows = rows_of(8)
    shares = [list(micro_batches(rows, rank, world=2, size=2, padding=9)) for rank in (0, 1)]
    seen = [[int(first) for batch in share for first in batch.ids[:, 0]] for share in shares]
    assert sorted(seen[0] + seen[1]) == list(range(8))
    assert [len(part) for part in seen] == [4, 4]


def test_targets_are_the_learned_tokens_that_follow():
    batch = padded([Encoded([5, 6, 7, 8], [False, False, True, True]), Encoded([5, 6], [False, True])], padding=0)
    assert batch.ids.tolist() == [[5, 6, 7, 8], [5, 6, 0, 0]]
    assert batch.targets.tolist() == [[-100, 7, 8, -100], [6, -100, -100, -100]]
