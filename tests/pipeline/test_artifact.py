import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from pipeline.artifact import MANIFEST, Artifact, canonical_json, fingerprint, lock, publish
from pipeline.errors import InputError, Locked


def made(root: Path, text: str = "hello", **provenance: str) -> Artifact:
    part = root / "abc.part"
    (part / ".work").mkdir(parents=True)
    (part / ".work" / "scratch").write_text("gone")
    (part / "empty").mkdir()
    (part / "documents").mkdir()
    (part / "documents" / "a.txt").write_text(text)
    manifest = {
        "stage": "s",
        "version": 1,
        "fingerprint": "abc",
        "section": {},
        "inputs": {},
        "counts": {},
        "metrics": {},
    }
    return publish(part, root / "abc", {**manifest, "provenance": provenance})


def test_publishing_lists_every_file_and_nothing_else(tmp_path):
    artifact = made(tmp_path)
    assert [entry["path"] for entry in artifact.manifest["files"]] == ["documents/a.txt"]
    assert artifact.manifest["files"][0]["bytes"] == 5
    assert sorted(path.name for path in artifact.path.iterdir()) == ["documents", MANIFEST]
    assert not (tmp_path / "abc.part").exists()
    assert artifact.problems() == []


def test_publishing_replaces_what_stood_there(tmp_path):
    made(tmp_path, "old")
    artifact = made(tmp_path, "new")
    assert (artifact.path / "documents" / "a.txt").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["abc"]


def test_provenance_stands_outside_the_manifest_hash(tmp_path):
    one, two = made(tmp_path / "1", host="a"), made(tmp_path / "2", host="b")
    assert one.manifest_sha256 == two.manifest_sha256
    assert made(tmp_path / "3", "other").manifest_sha256 != one.manifest_sha256


@pytest.mark.parametrize("fault", ["flip", "cut", "remove", "add"])
def test_any_damage_is_named(tmp_path, fault):
    artifact = made(tmp_path)
    file = artifact.path / "documents" / "a.txt"
    if fault == "flip":
        file.write_text("jello")
    elif fault == "cut":
        file.write_text("hell")
    elif fault == "remove":
        file.unlink()
    else:
        file = file.with_name("b.txt")
        file.write_text("new")
    assert len(artifact.problems()) == 1
    assert str(file) in artifact.problems()[0]


def test_a_broken_manifest_is_an_input_error(tmp_path):
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(InputError, match="manifest"):
        Artifact(tmp_path).manifest  # noqa: B018


def test_fingerprints_tell_every_part_apart():
    first = fingerprint("s", 1, {"a": 1}, {"x": "f"})
    assert first == fingerprint("s", 1, {"a": 1}, {"x": "f"})
    others = [
        fingerprint("t", 1, {"a": 1}, {"x": "f"}),
        fingerprint("s", 2, {"a": 1}, {"x": "f"}),
        fingerprint("s", 1, {"a": 2}, {"x": "f"}),
        fingerprint("s", 1, {"a": 1}, {"x": "g"}),
        fingerprint("s", 1, {"a": 1}, {"y": "f"}),
    ]
    assert len({first, *others}) == 6


def test_canonical_json_has_one_form():
    assert (
        canonical_json({"b": "가", "a": [1, 2.5]})
        == json.dumps({"a": [1, 2.5], "b": "가"}, ensure_ascii=False).replace(" ", "").encode()
    )


def hold(path: Path, seconds: float) -> None:
    with lock(path):
        Path(f"{path}.held").touch()
        time.sleep(seconds)
        os._exit(0)


def test_a_lock_is_exclusive_and_dies_with_its_holder(tmp_path):
    path = tmp_path / "lock"
    holder = multiprocessing.get_context("spawn").Process(target=hold, args=(path, 60))
    holder.start()
    while not Path(f"{path}.held").exists():
        time.sleep(0.02)
    with pytest.raises(Locked), lock(path, patience=0.2):
        pass
    holder.kill()
    with lock(path):
        pass


def test_shared_locks_go_together_and_keep_an_exclusive_one_out(tmp_path):
    path = tmp_path / "lock"
    with lock(path, shared=True), lock(path, shared=True), pytest.raises(Locked), lock(path, patience=0):
        pass
