"""The stage `ngram`: an n-gram language model of text held to be good, for `perplexity` to ask.

KenLM's `lmplz` (modified Kneser-Ney, Heafield et al. 2013) over SentencePiece pieces, as in CCNet, on a text form of
our own. Nothing but a document and the model itself is ever in memory; lmplz sorts on disk.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Ngram
from corpus.dedup import text_key
from corpus.documents import files, read_file
from corpus.perplexity import FACTS, Scorer
from corpus.scores.folds import fold_of_key, learned_for
from corpus.scores.kenlm import tool
from corpus.scores.lmtext import Kind, Units, lines, train_pieces
from corpus.scores.scoring import quantiles
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed
from pipeline.units import die_with_parent

PIECES = "pieces.model"
PIECE_TEXT = 32 << 20  # UTF-8 bytes of lines that the pieces are learned from, chosen by hash
REFERENCE = 2000  # learned documents whose perplexity is stated, about
SORT_MEMORY = "1G"  # lmplz's buffers; its output does not depend on them
BLOCK = 1 << 20
TALLY = "tally.json"


def run(section: Ngram, context: Context) -> dict[str, Any]:
    """Train `model-<fold>.bin` and `pieces.model`; what they are stands in `ngram.json`.

    Metrics: documents, lines and bytes learned, n-grams per order of each model, and `reference`: quantiles of the
    perplexity of learned documents, each by the model that did not learn it (null for one fold). Raises ConfigError
    without KenLM, InputError where there is too little to learn from.
    """
    for name in ("lmplz", "build_binary"):
        tool(name)
    units = [str(path) for path in files(context.artifact("documents"), "train")]
    mine = partial(_wanted, lang=section.lang, sources=tuple(section.sources))
    sizes = _sums(context.each_unit(units, partial(measure, wanted=mine), name="sizes"))
    if not sizes.get("bytes"):
        whose = f" of {', '.join(section.sources)}" if section.sources else ""
        raise InputError(f"there is no text in '{section.lang}'{whose} to learn from")
    share = min(1.0, section.text_bytes / sizes["bytes"])
    choose = Choice(share, min(1.0, REFERENCE / (share * sizes["documents"])), section.folds)
    texts = context.each_unit(units, partial(write_lines, wanted=mine, choose=choose), name="lines")
    totals = _sums(texts)
    if not all(totals[f"lines_{fold}"] for fold in range(section.folds)):
        raise InputError(
            f"{totals['learned']} documents are too few for {section.folds} folds; set ngram.folds to 1, "
            "or give it more text"
        )
    if section.units == "pieces":
        context.stop_if_asked()
        made = train_pieces(_sample(texts, totals["line_bytes"], section.folds), section.pieces)
        whole(context, PIECES, lambda half: half.write_bytes(made))
    pieces = str(context.path / PIECES) if section.units == "pieces" else None
    cut = partial(cut_lines, kind=section.units, pieces=pieces, folds=section.folds)
    counted = context.each_unit(list(map(str, texts)), cut, name="units")
    models, ngrams = [], []
    for fold in range(section.folds):
        others = learned_for(fold, section.folds)
        models.append(f"model-{fold}.bin")
        ngrams.append(
            _train([folder / f"{one}.txt" for folder in counted for one in others], models[-1], section, context)
        )
    what = {"lang": section.lang, "form": "nfc", "units": section.units, "models": models, "pieces": pieces and PIECES}
    whole(context, FACTS, lambda half: write_json(half, what))
    reference = _reference(texts, Scorer(context.path), context) if section.folds > 1 else None
    learned, read = totals["learned"], sizes["documents"]
    context.counts.update(read=read, kept=learned, dropped=read - learned, failed=0)
    return {
        **{key: totals[key] for key in ("learned", "lines", "line_bytes")},
        "ngrams": ngrams,
        "reference": reference,
    }


@dataclass(frozen=True)
class Choice:
    """Which documents are learned, and which of them are scored for reference: by hash of the text alone."""

    share: float
    reference: float
    folds: int

    def __call__(self, text: str) -> tuple[bool, bool, int]:
        digest = blake2b(key := text_key(text), digest_size=16, person=b"ngram").digest()
        first, second = (int.from_bytes(half, "big") / 2**64 for half in (digest[:8], digest[8:]))
        return first < self.share, second < self.reference, fold_of_key(key, self.folds)


def _wanted(document: dict[str, Any], lang: str, sources: tuple[str, ...]) -> bool:
    return document["lang"] == lang and (not sources or document["source"] in sources)


def _sums(folders: Sequence[Path]) -> Counter[str]:
    total: Counter[str] = Counter()
    for folder in folders:
        total.update(json.loads((folder / TALLY).read_text(encoding="utf-8")))
    return total


def _mine(path: str, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[str]:
    for document in read_file(Path(path), ("text", "lang", "source")):
        if wanted(document):
            yield document["text"]


def measure(path: str, folder: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """First unit of work: how much text there is to choose from."""
    tally = {"documents": 0, "bytes": 0}
    for text in _mine(path, wanted):
        tally["documents"] += 1
        tally["bytes"] += len(text.encode())
    write_json(folder / TALLY, tally)


def write_lines(path: str, folder: Path, wanted: Callable[[dict[str, Any]], bool], choose: Choice) -> None:
    """Second: the lines to learn, a file per fold, and the documents for reference, one JSON text per line."""
    tally = {"learned": 0, "lines": 0, "line_bytes": 0, **{f"lines_{fold}": 0 for fold in range(choose.folds)}}
    with ExitStack() as stack:
        names = [f"{fold}.txt" for fold in range(choose.folds)] + ["reference.jsonl"]
        *learned, reference = [stack.enter_context((folder / name).open("w", encoding="utf-8")) for name in names]
        for text in _mine(path, wanted):
            chosen, shown, fold = choose(text)
            if not chosen:
                continue
            tally["learned"] += 1
            if shown:
                reference.write(json.dumps(text, ensure_ascii=False) + "\n")
            for line in lines(text):
                learned[fold].write(line + "\n")
                tally["lines"] += 1
                tally[f"lines_{fold}"] += 1
                tally["line_bytes"] += len(line.encode())
    write_json(folder / TALLY, tally)


def _sample(folders: Sequence[Path], total: int, folds: int) -> Iterator[str]:
    """About PIECE_TEXT bytes of the lines, chosen by hash."""
    limit = min(1.0, PIECE_TEXT / total) * 2**64
    for folder in folders:
        for fold in range(folds):
            for line in _lines(folder / f"{fold}.txt"):
                if int.from_bytes(blake2b(line.encode(), digest_size=8).digest(), "big") < limit:
                    yield line


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


def cut_lines(source: str, folder: Path, kind: Kind, pieces: str | None, folds: int) -> None:
    """Third: the lines as units with a space between them, as lmplz reads them."""
    units = Units(kind, Path(pieces) if pieces else None)
    for fold in range(folds):
        with (folder / f"{fold}.txt").open("w", encoding="utf-8") as out:
            for line in _lines(Path(source) / f"{fold}.txt"):
                out.write(" ".join(units.cut(line)) + "\n")


def _train(texts: Sequence[Path], name: str, section: Ngram, context: Context) -> dict[str, int]:
    """Run lmplz and build_binary; n-grams per order."""
    for left in context.work.glob("lmplz-*"):  # of a try that was stopped
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="lmplz-", dir=context.work))
    arpa = scratch / "model.arpa"
    prune = ["--prune", *map(str, section.prune)] if section.prune else []
    command = [tool("lmplz"), "-o", str(section.order), "-S", SORT_MEMORY, "-T", str(scratch / "sort")]
    command += ["--discount_fallback", "--skip_symbols", *prune, "--arpa", str(arpa)]
    log = scratch / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stderr=errors,
            preexec_fn=die_with_parent,  # or it would go on writing beside the run that resumes
        ) as process,
    ):
        try:
            _feed(process, texts, context)
            while process.poll() is None:
                context.stop_if_asked()
                try:
                    process.wait(0.5)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise StageFailed(f"lmplz ended with {process.returncode}: {' '.join(last)[-300:]}")
    counts = _orders(arpa)
    whole(context, name, partial(_binary, arpa))
    shutil.rmtree(scratch)
    return counts


def _feed(process: subprocess.Popen[bytes], texts: Sequence[Path], context: Context) -> None:
    assert process.stdin is not None
    total = sum(path.stat().st_size for path in texts)
    done = 0
    try:
        for path in texts:
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    context.stop_if_asked()
                    process.stdin.write(block)
                    done += len(block)
            context.progress(done, total, "bytes")
        process.stdin.close()
    except BrokenPipeError:
        process.wait()  # its own message is the better one


def _binary(arpa: Path, half: Path) -> None:
    answer = subprocess.run([tool("build_binary"), "trie", arpa, half], capture_output=True, text=True)
    if answer.returncode:
        raise StageFailed(f"build_binary ended with {answer.returncode}: {answer.stderr.strip()[-300:]}")


def whole(context: Context, name: str, write: Callable[[Path], Any]) -> None:
    """Let `write` make a file among the scratch, and rename it into the artifact."""
    half = context.work / f"{name}.half"
    write(half)
    half.replace(context.path / name)


def _orders(arpa: Path) -> dict[str, int]:
    """`ngram 1=123` lines of an ARPA file's head."""
    found = {}
    for line in _lines(arpa):
        if line.startswith("ngram "):
            order, _, count = line[6:].partition("=")
            found[order.strip()] = int(count)
        elif line.startswith("\\1-grams"):
            break
    return found


def _reference(folders: Sequence[Path], scorer: Scorer, context: Context) -> dict[str, Any] | None:
    """Quantiles of the perplexity of text like the learned when it is not learned."""
    values = []
    for folder in folders:
        context.stop_if_asked()
        for line in _lines(folder / "reference.jsonl"):
            value = scorer.perplexity(json.loads(line))
            if value is not None:
                values.append(value)
    return {"documents": len(values), **quantiles(np.sort(np.array(values)))} if values else None
