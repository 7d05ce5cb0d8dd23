"""The README's two commands: what they say, what they do on a toy, and, in the slow suite, what they do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMANDS = ["make demo", "make test"]


def fenced(readme: str) -> list[str]:
    """The lines of the first shell block."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    return [line.partition("#")[0].strip() for line in block.group(1).splitlines() if line.strip()]


def recipe(target: str) -> str:
    """What make would run, without the installation."""
    answer = subprocess.run(
        ["make", "--dry-run", "--assume-old=.venv/.installed", target], cwd=ROOT, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_both_readmes_give_the_same_two_commands(readme):
    assert [line for line in fenced(readme) if line in COMMANDS] == COMMANDS


def test_make_test_leaves_out_slow_tests_and_data():
    assert "-m pytest" in recipe("test") and '-m "not slow and not data"' in recipe("test")
    assert '-m "' not in recipe("test-all")


def test_the_quickstart_config_is_valid_and_its_graph_is_whole():
    from pipeline.load import load
    from pipeline.stages import STAGES

    config = load(ROOT / "configs" / "quickstart.yaml", [], {name: stage.section for name, stage in STAGES.items()})
    assert {"base", "crawl", "refine", "dedup", "mix", "extend", "dapt", "sft", "evaluate", "report"} <= set(
        config.sections
    )


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_make_demo_on_a_fresh_clone(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    clone = tmp_path / "malmoi"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    first = subprocess.run(["make", "demo"], cwd=clone, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr[-2000:]
    report = clone / first.stdout.strip().splitlines()[-1]
    assert "bits per byte" in report.read_text(encoding="utf-8")
    second = subprocess.run(["make", "demo"], cwd=clone, capture_output=True, text=True, timeout=30)
    assert second.stdout.strip().splitlines()[-1] == first.stdout.strip().splitlines()[-1]
    assert ": built" not in second.stderr
    shutil.rmtree(clone)
