import json

import pytest

from pipeline.artifact import lock
from pipeline.garbage import find, remove


@pytest.fixture
def root(tmp_path):
    def artifact(stage, name, *inputs):
        folder = tmp_path / stage / name
        folder.mkdir(parents=True)
        entries = {one: {"fingerprint": one} for one in inputs}
        (folder / "manifest.json").write_text(json.dumps({"fingerprint": name, "inputs": entries}))

    artifact("refine", "aa")
    artifact("mix", "bb", "aa")
    artifact("mix", "cc", "aa")
    artifact("refine", "dd")
    (tmp_path / "pack" / "ee.part").mkdir(parents=True)
    (tmp_path / "logs" / "t").mkdir(parents=True)
    (tmp_path / "by-name" / "t").mkdir(parents=True)
    (tmp_path / "by-name" / "t" / "mix").symlink_to("../../mix/bb")
    return tmp_path


def names(found):
    return sorted(one.path.name for one in found)


def test_links_keep_what_their_manifests_reach(root):
    assert names(find(root)) == ["cc", "dd", "ee.part"]


def test_a_locked_part_is_left_alone(root):
    with lock(root / "locks" / "ee"):
        assert names(find(root)) == ["cc", "dd"]


def test_what_is_taken_up_meanwhile_is_left_alone(root):
    found = find(root)
    with lock(root / "locks" / "ee"):
        remove(root, found)
    assert (root / "pack" / "ee.part").exists()
    assert not (root / "mix" / "cc").exists()
    assert (root / "mix" / "bb").exists()


def test_no_root_no_garbage(tmp_path):
    assert find(tmp_path / "none") == []
