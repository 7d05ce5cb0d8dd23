"""The command line and the contract of manifests, frozen: scripts rely on them."""

import json
import subprocess
import sys

import pytest

from pipeline.stages import STAGES


def malmoi(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-P", "-m", "pipeline.stage", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, cwd=cwd,
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A config whose documents and mixture are built."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "d.jsonl").write_text('{"text": "한국어 문서"}\n{"text": "둘째 문서"}\n')
    config = folder / "c.yaml"
    config.write_text(
        f"run: {{root: {folder / 'runs'}}}\nrefine: {{use: {folder / 'd.jsonl'}}}\nmix: {{heldout: 0.5}}\npieces:\n"
    )
    answer = malmoi("all", "--config", config, "--until", "mix", "--json")
    assert answer.returncode == 0, answer.stderr
    return config, json.loads(answer.stdout)


def test_ls():
    rows = json.loads(malmoi("ls", "--json").stdout)
    assert [row["stage"] for row in rows] == list(STAGES)
    assert all(set(row) == {"stage", "summary", "version"} for row in rows)


def test_verbs_are_frozen():
    text = malmoi("--help").stdout
    for verb in ("all", "ls", "plan", "status", "show", "verify", "schema", "gc"):
        assert f" {verb} " in text
    assert " work " not in text


def test_plan(built):
    rows = json.loads(malmoi("plan", "--config", built[0], "--json").stdout)
    assert [(row["node"], row["state"]) for row in rows] == [("refine", "cached"), ("mix", "cached"), ("pieces", "run")]
    assert all(set(row) == {"node", "fingerprint", "state", "reason"} and row["reason"] for row in rows)


def test_dry_run_builds_nothing(built):
    answer = malmoi("pieces", "--config", built[0], "--dry-run", "--json")
    assert json.loads(answer.stdout)[0]["state"] == "run"
    assert malmoi("show", "pieces", "--config", built[0]).returncode == 3


def test_show_is_the_manifest_and_the_path(built):
    shown = json.loads(malmoi("show", "mix", "--config", built[0], "--json").stdout)
    assert set(shown) == {
        "stage", "version", "fingerprint", "section", "inputs", "files", "counts", "metrics", "provenance", "path",
    }  # fmt: skip
    assert set(shown["inputs"]["documents"]) == {"fingerprint", "manifest_sha256"}
    assert all(set(entry) == {"path", "bytes", "sha256"} for entry in shown["files"])
    path = built[0].parent / "runs" / "mix" / shown["fingerprint"]
    assert shown["path"] == str(path)
    on_disk = json.loads((path / "manifest.json").read_text())
    assert on_disk == {key: value for key, value in shown.items() if key != "path"}


def test_all_answers_with_its_nodes(built):
    assert {row["node"]: row["state"] for row in built[1]["nodes"]} == {"refine": "built", "mix": "built"}


def test_status_knows_how_the_run_ended(built):
    answer = json.loads(malmoi("status", "--config", built[0], "--json").stdout)
    assert answer["state"] in ("done", "failed")
    assert "state" in malmoi("status", "--config", built[0], "run.name=other", "--json").stdout


def test_verify_names_one_flipped_byte(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "한국어"}\n')
    config = tmp_path / "c.yaml"
    config.write_text(f"run: {{root: {tmp_path / 'runs'}}}\nmix: {{use: {tmp_path / 'd.jsonl'}}}\n")
    assert malmoi("all", "--config", config).returncode == 0
    file = next((tmp_path / "runs" / "mix").rglob("*.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    for arguments in (("verify",), ("verify", "mix")):
        answer = malmoi(*arguments, "--config", config)
        assert answer.returncode == 3
        assert str(file) in answer.stderr
    assert malmoi("verify", "--config", config, "run.name=x", "--json").returncode == 3


def test_schema_is_json_schema_of_every_stage():
    schema = json.loads(malmoi("schema").stdout)
    assert set(schema["properties"]) == {"run", *STAGES}


def test_gc_lists_by_default_and_keeps_what_links_reach(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "한국어"}\n{"text": "영어"}\n')
    config = tmp_path / "c.yaml"
    config.write_text(f"run: {{root: {tmp_path / 'runs'}}}\nrefine: {{use: {tmp_path / 'd.jsonl'}}}\nmix:\n")
    malmoi("all", "--config", config)
    malmoi("all", "--config", config, "mix.seed=1")
    (tmp_path / "runs" / "pack" / f"{'0123' * 16}.part").mkdir(parents=True)
    listed = json.loads(malmoi("gc", "--config", config, "--json").stdout)
    assert sorted(row["path"].split("/")[-2] for row in listed) == ["mix", "pack"]
    assert len(list((tmp_path / "runs" / "mix").iterdir())) == 2
    assert malmoi("gc", "--config", config, "--yes").returncode == 0
    assert len(list((tmp_path / "runs" / "mix").iterdir())) == 1
    assert json.loads(malmoi("plan", "--config", config, "mix.seed=1", "--json").stdout)[1]["state"] == "cached"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("mxi",), 2, "did you mean 'mix'"),
        (("pieces",), 0, ""),
        (("extend",), 2, "no node 'extend'"),
        (("plan", "run.colour=1"), 2, "unknown key 'run.colour'"),
        (("plan", "refine.use=/no/such/file"), 3, "refine.use"),
        (("mix", "mix.seed=9", "refine.lang=en"), 3, "mix needs refine"),
        (("mix", "--shard", "0/2"), 2, "no shards"),
        (("refine", "--shard", "2/2"), 2, "--shard 2/2"),
        (("all", "--from", "dapt"), 2, "no node 'dapt'"),
        (("all", "--from", "mix", "--until", "refine"), 2, "no node lies between"),
        (("plan", "run.root=/proc/nowhere"), 2, "run.root /proc/nowhere"),
        (("plan", "run.root=~nobody-here/x"), 2, "run.root"),
        (("plan", "refine.use=~nobody-here/x"), 3, "refine.use"),
        (("mix", "--frob"), 2, "--frob"),
    ],
)
def test_exit_codes(built, arguments, code, said):
    dry = ("--dry-run",) if arguments == ("pieces",) else ()
    answer = malmoi(*arguments, "--config", built[0], *dry)
    assert (answer.returncode, said in answer.stderr) == (code, True), answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_folder_that_shadows_a_package_is_named(tmp_path):
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "__init__.py").touch()
    answer = subprocess.run(
        [sys.executable, "-m", "pipeline.stage", "ls"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert answer.returncode == 3
    assert str(tmp_path / "eval") in answer.stderr


def test_a_damaged_manifest_is_named_and_nothing_is_built_on_it(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "한국어"}\n')
    config = tmp_path / "c.yaml"
    config.write_text(f"run: {{root: {tmp_path / 'runs'}}}\nmix: {{use: {tmp_path / 'd.jsonl'}}}\npieces:\n")
    assert malmoi("mix", "--config", config).returncode == 0
    manifest = next((tmp_path / "runs" / "mix").glob("*/manifest.json"))
    manifest.write_text('{"fingerprint": "x"}')
    for verb in ("plan", "mix", "pieces", "gc"):
        answer = malmoi(verb, "--config", config)
        assert answer.returncode == 3
        assert str(manifest) in answer.stderr
        assert "Traceback" not in answer.stderr
