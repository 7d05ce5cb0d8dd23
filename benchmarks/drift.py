"""Where a change of English comes from after new rows: the mass that they take, the old rows, or the body.

    python benchmarks/drift.py runs/by-name/quickstart --models extend dapt [--lang en] [--documents 24]

Bits per byte of held-out documents, as changes against `base` with 95% intervals over documents:

- `all`: the model as it is;
- `mass`: what the new rows cost, all words in the softmax less the base's own words alone;
- `body`, `rows`: among the base's own words, the model's body with the base's rows, and the base's body with the
  model's rows. Where they do not add up to the rest, what they do together is missing in each.

Figures of a model whose old ids are the base's, as `extend` leaves them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WINDOW = 1024


def texts(run: Path, lang: str, count: int) -> list[str]:
    """Held-out documents of the mixture, taken evenly from all there are."""
    from corpus.documents import read_documents
    from pipeline.artifact import Artifact

    found = [document["text"] for document in read_documents(Artifact(run / "mix"), "heldout", lang)]
    return found[:: max(1, len(found) // count)][:count]


def nats(model: Any, tokenizer: Any, documents: Sequence[str], vocabulary: int) -> list[float]:
    from eval.bpb import score_documents

    return [score.nll for score in score_documents(model, tokenizer, documents, WINDOW, WINDOW, vocabulary=vocabulary)]


def with_rows(model: Any, rows: Any) -> Any:
    """The model with other rows, (words, hidden) of its inputs and of its outputs, in place; tied ones are parted."""
    import torch

    head = model.get_output_embeddings()
    if head.weight is model.get_input_embeddings().weight:
        head.weight = torch.nn.Parameter(head.weight.detach().clone())
    with torch.no_grad():
        for matrix, values in zip((model.get_input_embeddings(), model.get_output_embeddings()), rows, strict=True):
            matrix.weight[: len(values)] = values
    return model


def rows_of(model: Any, count: int) -> tuple[Any, Any]:
    inputs, outputs = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    return inputs[:count].detach().clone(), outputs[:count].detach().clone()


def told(ours: Sequence[float], base: Sequence[float], sizes: Sequence[int], whole: float) -> str:
    """How far the first nats are above the second, in percent of the base's `whole`, paired by document."""
    from eval.compare import paired_ratio

    found = paired_ratio(base, ours, sizes)
    percent = 100 * sum(sizes) / whole
    return f"{percent * found.difference:+.2f}% [{percent * found.low:+.2f}, {percent * found.high:+.2f}]"


def main() -> None:
    from transformers import AutoTokenizer

    from eval.bpb import bits_per_byte
    from eval.subject import words
    from tokenizer.base import load_model

    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--models", nargs="+", default=["extend", "dapt"])
    parser.add_argument("--lang", default="en")
    parser.add_argument("--documents", type=int, default=24)
    given = parser.parse_args()
    documents = texts(given.run, given.lang, given.documents)
    sizes = [len(text.encode()) for text in documents]

    folder = given.run / "base/model"
    tokenizer = AutoTokenizer.from_pretrained(str(folder.absolute()))
    base = load_model(folder, "fp32")
    old = base.get_output_embeddings().weight.shape[0]
    before, own = nats(base, tokenizer, documents, old), rows_of(base, old)
    whole = sum(before)
    print(f"{len(documents)} documents ({given.lang}), {sum(sizes)} bytes, base {bits_per_byte(whole, sum(sizes)):.4f}")
    print("| model | all | mass | body | rows |\n|---|---|---|---|---|")
    for name in given.models:
        path = given.run / name / "model"
        model = load_model(path, "fp32")
        count = words(path, model.get_output_embeddings().weight.shape[0])
        every = nats(model, tokenizer, documents, count)
        alone = nats(model, tokenizer, documents, old)
        rows = rows_of(model, old)
        body = nats(with_rows(model, own), tokenizer, documents, old)
        only = nats(with_rows(base, rows), tokenizer, documents, old)
        with_rows(base, own)
        cells = [
            told(one, other, sizes, whole)
            for one, other in ((every, before), (every, alone), (body, before), (only, before))
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
