"""llama.cpp's own tokenizer, where the optional `llama-cpp-py-sync` (llama.cpp's libraries, prebuilt) is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError


def available() -> str | None:
    """llama.cpp's version, or None where it is not installed."""
    try:
        import llama_cpp_py_sync
        from llama_cpp_py_sync._cffi_bindings import get_lib

        get_lib()
    except (ImportError, OSError, RuntimeError):  # not installed, or built for another C library
        return None
    return str(llama_cpp_py_sync.__llama_cpp_tag__)


class LlamaCpp:
    """A vocabulary loaded by llama.cpp. Raises InputError where it refuses the file."""

    def __init__(self, path: Path) -> None:
        from llama_cpp_py_sync._cffi_bindings import get_ffi, get_lib

        self.ffi, self.lib = get_ffi(), get_lib()
        self._silent = self.ffi.callback("void(enum ggml_log_level, const char *, void *)", lambda *_: None)
        self.lib.llama_log_set(self._silent, self.ffi.NULL)
        self.lib.llama_backend_init()
        parameters = self.lib.llama_model_default_params()
        parameters.vocab_only = True
        self.model = self.lib.llama_model_load_from_file(str(path).encode(), parameters)
        if self.model == self.ffi.NULL:
            raise InputError(f"llama.cpp does not load {path}")
        self.vocabulary = self.lib.llama_model_get_vocab(self.model)

    def encode(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Ids of each text, none added, text that spells a control token as text."""
        for text in texts:
            raw = text.encode()
            room = len(raw) + 8
            ids = self.ffi.new("int32_t[]", room)
            count = self.lib.llama_tokenize(self.vocabulary, raw, len(raw), ids, room, False, False)
            yield [int(number) for number in ids[0 : max(0, count)]]

    def close(self) -> None:
        self.lib.llama_model_free(self.model)


@contextmanager
def opened(path: Path) -> Iterator[LlamaCpp]:
    found = LlamaCpp(path)
    try:
        yield found
    finally:
        found.close()
