import shutil
import sys

import pytest

from corpus.scores import kenlm
from pipeline.errors import ConfigError, InputError
from tests.corpus.test_perplexity import needs_kenlm


def test_what_is_not_installed_is_a_sentence_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(kenlm, "_beside", lambda: tmp_path)
    with pytest.raises(ConfigError, match="-m corpus.scores.kenlm"):
        kenlm.tool("lmplz")


def test_the_module_too(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "kenlm", None)
    with pytest.raises(ConfigError, match="-m corpus.scores.kenlm"):
        kenlm.load(tmp_path / "model.bin")


def test_a_tool_on_the_path_is_found(monkeypatch, tmp_path):
    program = tmp_path / "lmplz"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(kenlm, "_beside", lambda: tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kenlm.tool("lmplz") == str(program)


def test_without_a_compiler_the_script_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    assert kenlm.main(["--force", "--to", str(tmp_path)]) == 2
    assert "apt-get install g++ cmake libboost" in capsys.readouterr().err


@needs_kenlm
def test_no_model(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(InputError, match="is not a KenLM model"):
        kenlm.load(tmp_path / "model.bin")
