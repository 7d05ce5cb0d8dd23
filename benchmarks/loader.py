"""Reading packed tokens for training: tokens a second through `Data.step`, and rows packed by best fit.

    python benchmarks/loader.py

The stream is made (lengths drawn as a log-normal of median 400 tokens, ids at random), since only its shape matters.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from pipeline.artifact import Artifact, write_json
from training.config import Dapt
from training.data import Data


def made(folder: Path, documents: int, seed: int) -> Artifact:
    """A tokens artifact of one Korean train stream."""
    choose = np.random.default_rng(seed)
    lengths = np.maximum(8, choose.lognormal(np.log(400), 1.0, documents)).astype(np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    (folder / "train").mkdir(parents=True)
    choose.integers(0, 1 << 16, int(offsets[-1]), dtype=np.uint16).tofile(folder / "train/made.bin")
    offsets.astype("<u8").tofile(folder / "train/made.idx")
    stream = {
        "lang": "ko", "dtype": "uint16", "tokens": int(offsets[-1]), "documents": documents, "bytes": 0,
        "file": "train/made.bin", "index": "train/made.idx",
    }  # fmt: skip
    write_json(folder / "manifest.json", {"fingerprint": folder.name, "metrics": {"streams": {"train/made": stream}}})
    return Artifact(folder)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--documents", type=int, default=60_000)
    asked.add_argument("--sequence", type=int, default=2048)
    asked.add_argument("--steps", type=int, default=200)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tokens = made(Path(scratch), given.documents, seed=0)
        total = tokens.metrics["streams"]["train/made"]["tokens"]
        print(f"{given.documents:,} made documents, {total:,} tokens, sequence {given.sequence}")
        batch = 32 * given.sequence
        section = Dapt(budget=given.steps * batch, sequence=given.sequence, batch=batch, replay={})
        started = time.process_time()
        data = Data(section, tokens)
        ready = time.process_time()
        for step in range(given.steps):
            data.step(step)
        spent = time.process_time() - ready
        print(f"cut: ready in {ready - started:.2f} CPU-seconds; {given.steps * batch / spent / 1e6:.0f} million "
              f"tokens a CPU-second; {1e6 * spent / given.steps / 32:.0f} microseconds a row")  # fmt: skip
        fitted = Data(section.model_copy(update={"packing": "fit"}), tokens)
        ready = time.process_time()
        for step in range(given.steps):
            fitted.step(step)
        spent = time.process_time() - ready
        useful = fitted.tokens_per_language()["ko"]["useful"]
        print(f"fit: {100 * useful:.3f} % of the rows' tokens are text; "
              f"{given.steps * batch / spent / 1e6:.0f} million tokens a CPU-second")  # fmt: skip


if __name__ == "__main__":
    main()
