"""Fixtures shared by every package's tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.artifact import Artifact, digest, publish
from pipeline.config import Run, Section
from pipeline.context import Context

workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:  # torch takes every core in each worker otherwise
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("DS_ACCELERATOR", "cpu")
os.environ.setdefault("WANDB_MODE", "offline")


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Artifact]:
    """`build(stage, function, section, inputs, **run)`: run one stage function and publish what it made."""

    def build(
        stage: str,
        function: Callable[[Any, Context], Mapping[str, Any]],
        section: Section,
        inputs: Mapping[str, Any] | None = None,
        **run: Any,
    ) -> Artifact:
        fingerprint = digest([stage, section.model_dump(mode="json"), sorted(inputs or {})])
        part = tmp_path / "artifacts" / stage / f"{fingerprint}.part"
        part.mkdir(parents=True, exist_ok=True)
        settings = Run(**{"root": str(tmp_path / "artifacts"), "workers": 1, **run})
        context = Context(node=stage, path=part, inputs=dict(inputs or {}), run=settings)
        metrics = dict(function(section, context))
        named = {
            name: {"fingerprint": found.fingerprint, "manifest_sha256": found.manifest_sha256}
            for name, found in (inputs or {}).items()
            if isinstance(found, Artifact)
        }
        return publish(
            part,
            part.with_suffix(""),
            {
                "stage": stage,
                "version": 1,
                "fingerprint": fingerprint,
                "section": section.model_dump(mode="json"),
                "inputs": named,
                "counts": context.counts,
                "metrics": metrics,
                "provenance": context.provenance,
            },
        )

    return build


@pytest.fixture
def documents(tmp_path: Path) -> Callable[..., Artifact]:
    """`documents({source: (lang, texts)})`: a published documents artifact."""
    from corpus.documents import write_documents

    def documents(sources: Mapping[str, tuple[str, list[str]]], mixture: bool = False) -> Artifact:
        part = tmp_path / "artifacts" / "given" / f"{digest([dict(sources), mixture])}.part"
        for source, (lang, texts) in sources.items():
            rows = [
                {
                    "id": f"{source}/{number}",
                    "text": text,
                    "source": source,
                    "url": "",
                    "lang": lang,
                    "license": "CC0-1.0",
                    "charset": "utf-8",
                    "meta": {},
                }
                for number, text in enumerate(texts)
            ]
            if mixture:
                held = max(1, len(rows) // 10)
                write_documents(part / "heldout" / f"{source}.parquet", rows[:held])
                write_documents(part / "train" / f"{source}.parquet", rows[held:])
            else:
                write_documents(part / "documents" / f"{source}.parquet", rows)
        return publish(
            part,
            part.with_suffix(""),
            {
                "stage": "given",
                "version": 1,
                "fingerprint": part.stem,
                "section": {},
                "inputs": {},
                "counts": {},
                "metrics": {"sources": {s: {"lang": lang, "license": "CC0-1.0"} for s, (lang, _) in sources.items()}},
                "provenance": {},
            },
        )

    return documents


@pytest.fixture
def data() -> Path:
    """The development corpora named by MALMOI_DATA, or a skip that says so."""
    folder = os.environ.get("MALMOI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MALMOI_DATA does not name a folder of development data")
    return Path(folder)
