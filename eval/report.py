"""The stage `report`: everything present as one HTML page, Markdown, JSON and a model card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.card import card
from eval.collect import collect
from eval.config import Report
from eval.pages import use_lines, view
from eval.summary import sentences
from eval.writing import environment
from pipeline.artifact import write_json
from pipeline.context import Context


def run(section: Report, context: Context) -> dict[str, Any]:
    """Write `index.html`, `report.md`, `report.json` and `model-card.md`; the same inputs give the same bytes.

    Raises InputError where a score file is damaged or two evaluations on equal terms scored unlike items.
    """
    nodes = context.artifacts("nodes")
    data = collect(nodes, section.against)
    summary = sentences(data)
    context.stop_if_asked()
    shown = view(data, section.title, summary)
    templates = environment()
    about = card(data, nodes)
    use = use_lines(about["allowed_use"]) if about["allowed_use"] else []
    pages = {
        "index.html": templates.get_template("index.html.j2").render(shown),
        "report.md": templates.get_template("report.md.j2").render(shown),
        "model-card.md": templates.get_template("model-card.md.j2").render({**shown, "card": about, "card_use": use}),
    }
    write_json(context.path / "report.json", {**data, "title": section.title, "summary": summary})
    for name, text in pages.items():
        _write(context.path / name, text)
    context.progress(len(pages) + 1, len(pages) + 1, "pages")
    return {
        "main": data["main"],
        "gate": data["gate"],
        "bpb": {
            key: {lang: one["value"] for lang, one in model["bpb"].items()} for key, model in data["models"].items()
        },
        "summary": [one["text"] for one in summary],
    }


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
