"""The JSON Schema of a whole configuration, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pipeline.config import Leaf, Run
from pipeline.stages import STAGES


def config_schema() -> dict[str, Any]:
    """`run`, one property per stage, and a pattern for variants (`stage@name`, every key optional)."""
    models: list[type[BaseModel]] = [Run, Leaf, *(stage.section for stage in STAGES.values())]
    references, definitions = models_json_schema([(model, "validation") for model in models])
    by_model = {model: references[(model, "validation")] for model in models}
    leaf = by_model[Leaf]
    properties: dict[str, Any] = {"run": by_model[Run]}
    variants: dict[str, Any] = {}
    for name, stage in STAGES.items():
        section: dict[str, Any] = by_model[stage.section]
        choice = {"anyOf": [section, leaf, {"type": "null"}], "description": stage.summary}
        properties[name] = (
            choice if stage.adopt else {"anyOf": [section, {"type": "null"}], "description": stage.summary}
        )
        variants[f"^{name}@"] = {"type": ["object", "null"], "description": f"a variant of {name}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Malmoi configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "patternProperties": variants,
        "$defs": definitions["$defs"],
    }
