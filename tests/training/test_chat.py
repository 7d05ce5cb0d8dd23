import csv
import gzip
import json
import unicodedata

import pytest

from pipeline.errors import InputError
from training.chat import BadRecord, conversation, read_files

ASKED = {"role": "user", "content": "수도는 어디인가요?"}
TOLD = {"role": "assistant", "content": "서울입니다."}


def write_jsonl(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [ASKED, TOLD]},
        {"conversations": [{"from": "human", "value": ASKED["content"]}, {"from": "gpt", "value": TOLD["content"]}]},
        {"conversations": [ASKED, TOLD]},
        {"instruction": ASKED["content"], "input": "", "output": TOLD["content"]},
        {"prompt": ASKED["content"], "response": TOLD["content"]},
        {"prompt": ASKED["content"], "completion": TOLD["content"]},
        {"question": ASKED["content"], "answer": TOLD["content"]},
        {"Q": ASKED["content"], "A": TOLD["content"], "label": 0},
    ],
)
def test_every_layout_gives_the_same_conversation(record):
    assert conversation(record) == [ASKED, TOLD]


def test_alpaca_joins_input_and_keeps_system_and_history():
    found = conversation(
        {
            "instruction": "Translate.",
            "input": "물",
            "output": "water",
            "system": "Be brief.",
            "history": [["hi", "hello"]],
        }
    )
    assert [(m["role"], m["content"]) for m in found] == [
        ("system", "Be brief."),
        ("user", "hi"),
        ("assistant", "hello"),
        ("user", "Translate.\n\n물"),
        ("assistant", "water"),
    ]


def test_text_is_nfc_and_stripped_and_turns_after_the_last_answer_go():
    decomposed = unicodedata.normalize("NFD", "한국어")
    found = conversation({"messages": [{"role": "user", "content": f"  {decomposed}\n"}, TOLD, ASKED]})
    assert found == [{"role": "user", "content": "한국어"}, TOLD]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (["a"], "not an object"),
        ({"prompt": "x"}, "no known layout; keys: prompt"),
        ({"messages": "hi"}, "'messages' is not a list of turns"),
        ({"messages": []}, "no answer"),
        ({"messages": [ASKED]}, "no answer"),
        ({"messages": [TOLD]}, "do not alternate"),
        ({"messages": [ASKED, ASKED, TOLD]}, "do not alternate"),
        ({"messages": [ASKED, {"role": "tool", "content": "x"}, TOLD]}, "role 'tool'"),
        ({"prompt": "q", "response": "  "}, "an empty turn"),
        ({"prompt": "q", "response": None}, "a turn is not text"),
        ({"instruction": "q", "input": 3, "output": "a"}, "a turn is not text"),
        ({"prompt": "q", "response": "a\ufffdb"}, "not decoded"),
        ({"prompt": "q", "response": "a\ud800"}, "not decoded"),
    ],
)
def test_what_is_no_conversation_says_why(record, reason):
    with pytest.raises(BadRecord, match=reason):
        conversation(record)


def test_bad_records_are_named_and_counted(tmp_path):
    path = tmp_path / "talk.jsonl"
    good = json.dumps({"messages": [ASKED, TOLD]}, ensure_ascii=False)
    path.write_text(f"\ufeff{good}\n{{broken\n\n{good}\n" + '{"prompt": "only"}\n' * 7, encoding="utf-8")
    found = read_files("talk", str(path), "MIT")
    assert (len(found), found.license, found.made) == (2, "MIT", False)
    assert found.skipped == {"not JSON": 1, "no known layout; keys: prompt": 7}
    assert found.named[0] == "talk.jsonl record 2: not JSON"
    assert len(found.named) == 5


def test_every_kind_of_file_gives_the_same(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [{"prompt": f"질문 {n}\u2028둘째", "response": f'답 {n}, "그리고" NA'} for n in range(30)]
    records.append({"prompt": "값이 없나요?", "response": "NA"})
    write_jsonl(tmp_path / "a.jsonl", records)
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write((tmp_path / "a.jsonl").read_text(encoding="utf-8"))
    (tmp_path / "c.json").write_text(json.dumps(records, indent=1), encoding="utf-8")
    (tmp_path / "d.json").write_text((tmp_path / "a.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "e.jsonl").write_text(json.dumps(records, indent=1), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "f.parquet")
    with (tmp_path / "g.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["prompt", "response"])
        writer.writeheader()
        writer.writerows(records)
    wanted = [conversation(record) for record in records]
    for name in ("a.jsonl", "b.jsonl.gz", "c.json", "d.json", "e.jsonl", "f.parquet", "g.csv"):
        found = read_files("x", str(tmp_path / name), "MIT")
        assert found.conversations == wanted, name
        assert not found.skipped, name
    assert len(read_files("x", str(tmp_path), "MIT")) == 7 * 31
    assert len(read_files("x", str(tmp_path / "*.json"), "MIT")) == 2 * 31


def test_a_parquet_of_nested_turns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([{"messages": [ASKED, TOLD]}]), tmp_path / "a.parquet")
    assert read_files("x", str(tmp_path / "a.parquet"), "MIT").conversations == [[ASKED, TOLD]]


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match=r"sft.data.x: no file matches .*nothing"):
        read_files("x", str(tmp_path / "nothing.jsonl"), "MIT")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(InputError, match=r"a.txt is none of .jsonl"):
        read_files("x", str(tmp_path / "a.txt"), "MIT")
    (tmp_path / "b.jsonl").write_bytes('{"prompt": "질문", "response": "답"}\n'.encode("cp949"))
    with pytest.raises(InputError, match=r"b.jsonl is not UTF-8"):
        read_files("x", str(tmp_path / "b.jsonl"), "MIT")
    (tmp_path / "c.json").write_text('[{"prompt": "q"')
    with pytest.raises(InputError, match=r"c.json is not JSON"):
        read_files("x", str(tmp_path / "c.json"), "MIT")
    (tmp_path / "d.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"d.parquet cannot be read"):
        read_files("x", str(tmp_path / "d.parquet"), "MIT")


@pytest.mark.data
def test_public_sets_are_read_whole(data):
    folder = data / "instruct"
    assert len(read_files("x", str(folder / "songys_chatbot" / "*.csv.gz"), "MIT")) == 11_823
    assert len(read_files("x", str(folder / "llamafactory_alpaca_en" / "*.json.gz"), "x")) == 999
    dolly = read_files("x", str(folder / "dolly_hhrlhf_small" / "*.jsonl.gz"), "x")
    assert len(dolly) == 999
    assert sum(dolly.skipped.values()) == 1
