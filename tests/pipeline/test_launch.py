import pytest

from pipeline.config import Run
from pipeline.errors import ConfigError
from pipeline.launch import _commands, _first_host


@pytest.mark.parametrize(
    ("nodes", "host"),
    [("gpu01", "gpu01"), ("gpu[03-05,09],x1", "gpu03"), ("a,b", "a"), ("n1,gpu[1-2]", "n1"), ("dgx-[12]", "dgx-12")],
)
def test_the_first_host_of_a_node_list(nodes, host):
    assert _first_host(nodes) == host


def test_each_rank_gets_its_number_and_threads_are_shared_out(tmp_path):
    commands = _commands(tmp_path / "job.json", Run(world=2), 2)
    assert [environment["RANK"] for _, environment in commands] == ["0", "1"]
    assert len({environment["MASTER_PORT"] for _, environment in commands}) == 1
    assert commands[0][0][1:4] == ["-P", "-m", "pipeline.stage"]


def test_slurm_starts_all_ranks_with_one_srun(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "gpu[03-04]")
    monkeypatch.delenv("RANK", raising=False)  # as training in this process leaves it
    ((command, environment),) = _commands(tmp_path / "job.json", Run(world=16, launcher="slurm"), 16)
    assert command[:2] == ["srun", "--ntasks=16"]
    assert environment["MASTER_ADDR"] == "gpu03"
    assert "RANK" not in environment


def test_slurm_outside_a_job_is_a_config_error(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(ConfigError, match="no Slurm job"):
        _commands(tmp_path / "job.json", Run(world=2, launcher="slurm"), 2)


def test_caches_live_below_the_root_unless_the_user_says_otherwise(tmp_path, monkeypatch):
    for name in ("HF_HOME", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    environment = _commands(tmp_path / "job.json", Run(root=str(tmp_path)), 1)[0][1]
    assert environment["HF_HOME"] == str(tmp_path / "cache" / "hub")
    monkeypatch.setenv("HF_HOME", "/my/cache")
    assert _commands(tmp_path / "job.json", Run(root=str(tmp_path)), 1)[0][1]["HF_HOME"] == "/my/cache"
