"""The job scripts of configs/cluster, run by bash: signals reach the program, exit 75 requeues, other codes do not.

No Slurm is here, so `scontrol` and the program are small scripts; options and overrides are checked with the real one.
"""

import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.load import load
from pipeline.stages import STAGES

CLUSTER = Path(__file__).parent.parent / "configs" / "cluster"
SLURM = {
    "SLURM_JOB_ID": "77",
    "SLURM_CPUS_PER_TASK": "4",
    "SLURM_JOB_NUM_NODES": "2",
    "SLURM_NTASKS_PER_NODE": "8",
    "SLURM_ARRAY_TASK_ID": "3",
    "SLURM_ARRAY_TASK_COUNT": "16",
}
PROGRAM = """#!/usr/bin/env bash
printf '%s\\n' "$@" > arguments
trap 'echo USR1 >> got; exit 75' USR1
trap 'echo TERM >> got; exit 75' TERM
[ -n "${FAIL:-}" ] && exit "$FAIL"
touch ready
for _ in {1..400}; do sleep 0.05; done
"""


@pytest.fixture
def checkout(tmp_path):
    shutil.copytree(CLUSTER, tmp_path / "configs" / "cluster")
    for path, text in (
        (".venv/bin/malmoi", PROGRAM),
        ("bin/scontrol", '#!/usr/bin/env bash\necho "$@" >> requeued\n'),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o755)
    return tmp_path


def start(checkout, script, *arguments, **environment):
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", f"configs/cluster/{script}", *arguments],
        cwd=checkout, env={**os.environ, **SLURM, "PATH": path, **environment},
    )  # fmt: skip


def wait_for(path):
    for _ in range(400):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never came")


@pytest.mark.parametrize("script", ["slurm.sbatch", "refine-array.sbatch"])
@pytest.mark.parametrize(("number", "requeued"), [(signal.SIGUSR1, "requeue 77\n"), (signal.SIGTERM, None)])
def test_a_warning_requeues_and_a_cancellation_does_not(checkout, script, number, requeued):
    job = start(checkout, script, "c.yaml")
    wait_for(checkout / "ready")
    job.send_signal(number)
    assert job.wait(timeout=20) == 75
    assert (checkout / "got").read_text() == f"{number.name.removeprefix('SIG')}\n"
    found = checkout / "requeued"
    assert (found.read_text() if found.exists() else None) == requeued


@pytest.mark.parametrize("code", ["1", "3", "75"])
def test_no_other_end_requeues(checkout, code):
    assert start(checkout, "slurm.sbatch", "c.yaml", FAIL=code).wait(timeout=20) == int(code)
    assert not (checkout / "requeued").exists()


@pytest.mark.parametrize("script", ["slurm.sbatch", "refine-array.sbatch"])
def test_the_program_takes_what_the_scripts_give(checkout, script):
    start(checkout, script, "c.yaml", "dapt.seed=1", FAIL="3").wait(timeout=20)
    given = (checkout / "arguments").read_text().splitlines()
    assert given[0] in {"all", "refine"}
    assert given[1:4] == ["--config", "c.yaml", "dapt.seed=1"]
    overrides = [one for one in given[3:] if "=" in one]
    config = checkout / "c.yaml"
    config.write_text("dapt: {sequence: 256, batch: 4096}\n")
    run = load(config, overrides, {name: stage.section for name, stage in STAGES.items()}).run
    if given[0] == "all":
        assert (run.launcher, run.world, run.threads) == ("slurm", 16, 4)
    else:
        assert given[-2:] == ["--shard", "3/16"]
        assert run.workers == 4
    assert run.grace < 120


@pytest.mark.parametrize("script", ["slurm.sbatch", "refine-array.sbatch"])
def test_directives_stand_before_the_first_command(script):
    lines = (CLUSTER / script).read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    directives = [shlex.split(line)[1] for line in lines if line.startswith("#SBATCH")]
    assert all(line.startswith("#SBATCH") is False for line in lines[first:])
    assert {"--signal=B:USR1@120", "--requeue", "--open-mode=append"} <= set(directives)
