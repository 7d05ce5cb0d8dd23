import json

import pytest

from pipeline.artifact import CONTRACT, lock
from pipeline.errors import InputError
from pipeline.garbage import find, remove


def full(name):
    """A fingerprint that begins with `name`."""
    return name.ljust(64, "0")


@pytest.fixture
def root(tmp_path):
    def artifact(stage, name, *inputs):
        folder = tmp_path / stage / full(name)
        folder.mkdir(parents=True)
        manifest = {key: kind() for key, kind in CONTRACT.items()}
        entries = {one: {"fingerprint": full(one)} for one in inputs}
        (folder / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": full(name), "inputs": entries}))

    artifact("refine", "aa")
    artifact("mix", "bb", "aa")
    artifact("mix", "cc", "aa")
    artifact("refine", "dd")
    (tmp_path / "pack" / f"{full('ee')}.part").mkdir(parents=True)
    (tmp_path / "logs" / "t").mkdir(parents=True)
    (tmp_path / "by-name" / "t").mkdir(parents=True)
    (tmp_path / "by-name" / "t" / "mix").symlink_to(f"../../mix/{full('bb')}")
    return tmp_path


def names(found):
    return sorted(one.path.name.replace("00", "") for one in found)


def test_links_keep_what_their_manifests_reach(root):
    assert names(find(root)) == ["cc", "dd", "ee.part"]


def test_a_locked_part_is_left_alone(root):
    with lock(root / "locks" / full("ee")):
        assert names(find(root)) == ["cc", "dd"]


def test_what_is_taken_up_meanwhile_is_left_alone(root):
    found = find(root)
    with lock(root / "locks" / full("ee")):
        remove(root, found)
    assert (root / "pack" / f"{full('ee')}.part").exists()
    assert not (root / "mix" / full("cc")).exists()
    assert (root / "mix" / full("bb")).exists()


def test_no_root_no_garbage(tmp_path):
    assert find(tmp_path / "none") == []


def test_what_no_run_made_is_never_touched(root):
    (root / "thesis" / "chapters").mkdir(parents=True)
    (root / "mix" / "notes").mkdir()
    (root / "mix" / full("0f")).symlink_to(root / "thesis")
    assert names(find(root)) == ["cc", "dd", "ee.part"]


def test_a_damaged_manifest_behind_a_link_stops_it(root):
    (root / "mix" / full("bb") / "manifest.json").write_text('{"fingerprint": "x"}')
    with pytest.raises(InputError, match="damaged"):
        find(root)
