from __future__ import annotations

import json

import pytest

from corpus import audit, crawl, refine
from corpus.config import Audit, Crawl, Refine
from corpus.documents import read_file, write_documents
from corpus.pages.clean import Cleaner, Raw
from pipeline.artifact import Artifact, publish
from pipeline.errors import ConfigError, InputError
from tests.toys import paragraphs, toy_tokenizer


def records():
    """30 documents that stay, 5 too short, 3 in English, from two hosts and none."""
    rows = [
        {"text": text, "url": f"http://{'news' if number % 3 else 'www'}.example.co.kr/{number}"}
        for number, text in enumerate("\n".join(paragraphs("ko", 3, seed=seed)) for seed in range(30))
    ]
    rows += [{"text": f"짧은 글 {number}번이다.", "url": f"https://short.example/{number}"} for number in range(5)]
    return rows + [{"text": text, "url": ""} for text in paragraphs("en", 3)]


@pytest.fixture
def refined(tmp_path):
    """The records as refine publishes them, in several files."""
    clean = Cleaner(Refine())
    part = tmp_path / "artifacts" / "refine" / "r.part"
    fates = {"documents": [], "dropped": []}
    for number, record in enumerate(records()):
        raw = Raw(id=f"web/{number}", source="web", lang="ko", license="x", **record)
        found = clean(raw)
        why = {"stage": "refine", "rule": found.rule, "value": found.value, "threshold": found.threshold}
        fates["dropped" if found.rule else "documents"].append({**found.row, **why})
    for fate, rows in fates.items():
        for start in range(0, len(rows), 12):
            write_documents(part / fate / f"{start:05d}.parquet", rows[start : start + 12], dropped=fate == "dropped")
    section = {"rules": "korean", "thresholds": {}}
    manifest = {"stage": "refine", "version": 1, "fingerprint": "r", "section": section, "inputs": {}, "counts": {}}
    return publish(part, part.with_suffix(""), {**manifest, "metrics": {}, "provenance": {}})


@pytest.fixture
def model(tmp_path):
    part = tmp_path / "artifacts" / "base" / "m.part"
    toy_tokenizer(part / "model")
    manifest = {"stage": "base", "version": 1, "fingerprint": "m", "section": {}, "inputs": {}, "counts": {}}
    return publish(part, part.with_suffix(""), {**manifest, "metrics": {}, "provenance": {}})


def tables(artifact: Artifact):
    return json.loads((artifact.path / "rules.json").read_text(encoding="utf-8"))


def sheet(artifact: Artifact):
    return [json.loads(line) for line in (artifact.path / "sheet.jsonl").read_text(encoding="utf-8").splitlines()]


def test_documents_bytes_and_tokens_per_rule_source_and_domain(build, refined, model):
    found = build("audit", audit.run, Audit(domains=1), {"documents": refined, "model": model})
    assert found.counts == {"read": 38, "kept": 30, "dropped": 8, "failed": 0}
    told = tables(found)
    assert told["judged_by"] == {"rules": "korean", "thresholds": {}, "tokens": True}
    assert told["rules"]["language"]["dropped"]["documents"] == 3 and told["moved"] == []
    short = told["rules"]["word_count"]
    assert short["dropped"]["documents"] == short["alone"]["documents"] == 5
    assert short["kept"]["documents"] == 30 and told["totals"]["judged"]["documents"] == 35

    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model.path / "model/tokenizer.json"))
    texts = [row["text"] for path in refined.path.glob("documents/*.parquet") for row in read_file(path)]
    kept = told["totals"]["kept"]
    assert kept["bytes"] == sum(len(text.encode()) for text in texts)
    assert kept["tokens"] == sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
    assert told["sources"]["web"]["totals"]["kept"] == kept

    assert told["domain_order"] == ["example.co.kr", "(rest)"]
    assert told["domains"]["example.co.kr"]["totals"]["kept"]["documents"] == 30
    assert told["domains"]["(rest)"]["totals"]["dropped"]["documents"] == 8
    assert "| `word_count` | 5 |" in (found.path / "rules.md").read_text(encoding="utf-8")


def test_the_sheet_has_kept_and_dropped_documents_of_each_rule(build, refined):
    rows = sheet(build("audit", audit.run, Audit(per_rule=4, excerpt=20), {"documents": refined}))
    dropped = [row for row in rows if (row["fate"], row["rule"]) == ("dropped", "word_count")]
    assert len(dropped) == 4 and all(row["option"] == "low" and row["threshold"] == "20" for row in dropped)
    assert all(float(row["value"]) < 20 for row in dropped)
    kept = [row for row in rows if (row["fate"], row["rule"]) == ("kept", "duplicate_ngrams")]
    assert len(kept) == 4 and all(float(row["value"]) <= float(row["threshold"]) for row in kept)
    assert all(len(row["text"]) <= 20 and row["verdict"] == "" for row in rows)
    assert {row["rule"] for row in rows if row["fate"] == "kept"} >= {"word_count", "terminal_lines", "sentence_count"}


def test_other_thresholds_are_replayed_without_writing_documents(build, refined):
    section = Audit(thresholds={"word_count@ko": {"low": 2}}, per_rule=3)
    found = build("audit", audit.run, section, {"documents": refined})
    told = tables(found)
    assert told["totals"]["kept_now"]["documents"] > told["totals"]["kept"]["documents"] == 30
    assert {row["from"] for row in told["moved"]} == {"word_count"}
    assert sum(row["documents"] for row in told["moved"]) == 5
    assert told["rules"]["language"]["dropped_now"]["documents"] == 3  # no rule: not judged again
    assert {row["fate"] for row in sheet(found)} >= {"newly kept"}
    assert not (found.path / "documents").exists()


def test_a_replay_says_what_a_refine_with_these_thresholds_keeps(build, tmp_path):
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records()), encoding="utf-8")
    gathered = build("crawl", crawl.run, Crawl(sources={"web": {"jsonl": str(tmp_path / "in.jsonl")}}))
    loose = build("refine", refine.run, Refine(), {"crawl": gathered})
    thresholds = {"sentence_count@ko": {"low": 26, "running": 0}}
    told = tables(build("audit", audit.run, Audit(rules="korean", thresholds=thresholds), {"documents": loose}))
    tight = build("refine", refine.run, Refine(thresholds=thresholds), {"crawl": gathered})
    assert told["totals"]["kept_now"]["documents"] == tight.counts["kept"] < loose.counts["kept"]


def test_the_bytes_are_the_same_whatever_the_workers(build, refined):
    one = build("audit", audit.run, Audit(), {"documents": refined})
    before = {path.name: path.read_bytes() for path in one.path.iterdir() if path.name != "manifest.json"}
    two = build("audit", audit.run, Audit(), {"documents": refined}, workers=2)
    assert {path.name: path.read_bytes() for path in two.path.iterdir() if path.name != "manifest.json"} == before
    assert set(before) == {"rules.json", "rules.md", "sheet.jsonl", "sheet.md"}


def test_what_other_stages_dropped_is_tabled_and_not_judged(build, tmp_path):
    part = tmp_path / "artifacts" / "dedup" / "d.part"
    row = {
        "id": "a/1",
        "text": "짧다.",
        "source": "a",
        "url": "",
        "lang": "ko",
        "license": "x",
        "charset": "",
        "meta": {},
    }
    kept = {**row, "id": "a/2", "text": "\n".join(paragraphs("ko", 3))}
    write_documents(part / "documents/0.parquet", [kept])
    why = {"stage": "dedup", "rule": "minhash", "value": "a/2", "threshold": "0.8"}
    write_documents(part / "dropped/0.parquet", [{**row, **why}], dropped=True)
    manifest = {"stage": "dedup", "version": 1, "fingerprint": "d", "section": {}, "inputs": {}, "counts": {}}
    documents = publish(part, part.with_suffix(""), {**manifest, "metrics": {}, "provenance": {}})
    told = tables(build("audit", audit.run, Audit(), {"documents": documents}))
    assert told["judged_by"]["rules"] == "korean" and told["totals"]["judged"]["documents"] == 1
    assert told["rules"]["dedup: minhash"]["dropped"]["documents"] == 1


def test_bad_input_is_one_sentence(build, refined, tmp_path, documents):
    with pytest.raises(ConfigError, match=r"audit\.thresholds: there is no rule 'word_cont'"):
        Audit(thresholds={"word_cont": {}}).check(None)
    part = tmp_path / "artifacts" / "base" / "n.part"
    part.mkdir(parents=True)
    manifest = {"stage": "base", "version": 1, "fingerprint": "n", "section": {}, "inputs": {}, "counts": {}}
    empty = publish(part, part.with_suffix(""), {**manifest, "metrics": {}, "provenance": {}})
    with pytest.raises(InputError, match="tokens cannot be counted"):
        build("audit", audit.run, Audit(), {"documents": refined, "model": empty})
    with pytest.raises(InputError, match="holds no documents"):
        build("audit", audit.run, Audit(seed=1), {"documents": empty})
