"""KenLM (Heafield 2011, 2013): where its programs are, how its models are loaded, and the script that builds both.

    python -m corpus.scores.kenlm

builds `lmplz` and `build_binary` from the sdist on PyPI into the folder of this Python, and installs the module that
asks a model. It needs a C++ compiler, CMake and Boost; nothing else of the pipeline does, and nothing needs KenLM but
the stages `ngram` and `perplexity`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, InputError, MalmoiError

VERSION = "0.3.0"
TOOLS = ("lmplz", "build_binary")
COMMAND = f"{sys.executable} -m corpus.scores.kenlm"
DEBIAN = (
    "g++", "cmake", "libboost-program-options-dev", "libboost-system-dev", "libboost-thread-dev", "libboost-test-dev",
    "zlib1g-dev", "libbz2-dev", "liblzma-dev",
)  # fmt: skip


def tool(name: str) -> str:
    """The path of `lmplz` or `build_binary`, beside this Python or on the PATH; ConfigError where there is none."""
    found = shutil.which(name, path=str(_beside())) or shutil.which(name)
    if found is None:
        raise ConfigError(f"KenLM's {name} is not installed; build it with: {COMMAND}")
    return found


def load(path: Path) -> Any:
    """A `kenlm.Model` of a binary or ARPA file, which is memory-mapped and shared between processes.

    Raises ConfigError without the module, InputError for a file it cannot read.
    """
    try:
        import kenlm
    except ImportError:
        raise ConfigError(f"the Python module kenlm is not installed; build it with: {COMMAND}") from None
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(str(path), config)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} is not a KenLM model: {' '.join(str(error).split())[-200:]}") from None


def _beside() -> Path:
    return Path(sys.executable).parent


def build(folder: Path) -> list[Path]:
    """Build the programs and put them into `folder`; returns where they are. Raises ConfigError with the cause."""
    missing = [name for name in ("cmake", "make", "g++") if shutil.which(name) is None]
    if missing:
        raise ConfigError(f"{', '.join(missing)} not found; on Debian: apt-get install {' '.join(DEBIAN)}")
    with tempfile.TemporaryDirectory(prefix="kenlm-") as place:
        scratch = Path(place)
        pip = [sys.executable, "-m", "pip"]
        wanted = ["--no-deps", "--no-binary", "kenlm", f"kenlm=={VERSION}"]
        _do([*pip, "download", "--quiet", "--dest", str(scratch), *wanted], "the sdist could not be fetched")
        sdist = next(scratch.glob("kenlm-*.tar.gz"))
        with tarfile.open(sdist) as archive:
            archive.extractall(scratch, filter="data")
        source, made = scratch / f"kenlm-{VERSION}", scratch / "build"
        _do(
            ["cmake", "-S", str(source), "-B", str(made), "-DCMAKE_BUILD_TYPE=Release"],
            f"cmake found something missing; on Debian: apt-get install {' '.join(DEBIAN)}",
        )
        _do(["cmake", "--build", str(made), "--parallel", "2", "--target", *TOOLS], "the programs could not be built")
        folder.mkdir(parents=True, exist_ok=True)
        built = [Path(shutil.copy2(made / "bin" / name, folder / name)) for name in TOOLS]
        _do([*pip, "install", "--quiet", "--no-deps", str(sdist)], "the module could not be built")
    return built


def _do(command: list[str], failure: str) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if answer.returncode:
        last = (answer.stderr or answer.stdout).strip().splitlines()[-12:]
        raise ConfigError("\n".join([f"{failure} ({command[0]} ended with {answer.returncode})", *last]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus.scores.kenlm", description="Build KenLM from its sdist.")
    parser.add_argument("--to", type=Path, default=_beside(), help="folder for lmplz and build_binary")
    parser.add_argument("--force", action="store_true", help="build what is there already")
    given = parser.parse_args(arguments)
    try:
        if not given.force:
            try:
                tools = [tool(name) for name in TOOLS]
                import kenlm  # noqa: F401
            except (ConfigError, ImportError):
                pass
            else:
                sys.stdout.write("".join(f"{path}\n" for path in tools))
                return 0
        sys.stdout.write("".join(f"{path}\n" for path in build(given.to)))
    except MalmoiError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
