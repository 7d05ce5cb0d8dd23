from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tokenizer import llamacpp
from tokenizer.gguf_vocab import write_vocabulary
from tokenizer.measure import encode
from tokenizer.probes import round_trip, unchanged

installed = pytest.mark.skipif(llamacpp.available() is None, reason="llama.cpp (extra `llamacpp`) is not installed")


@installed
@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_llama_cpp_reads_the_same_ids(request, tmp_path: Path, name: str) -> None:
    folder = request.getfixturevalue(name)
    write_vocabulary(folder, folder, tmp_path / "vocabulary.gguf")
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = [*unchanged(), *round_trip()]
    with llamacpp.opened(tmp_path / "vocabulary.gguf") as reader:
        assert list(reader.encode(texts)) == list(encode(plain, texts))


@installed
def test_a_file_that_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match="does not load"), llamacpp.opened(tmp_path / "bad.gguf"):
        pass


def test_absent_means_none(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "llama_cpp_py_sync", None)
    assert llamacpp.available() is None
