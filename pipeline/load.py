"""A YAML file and `key=value` overrides become checked sections; every fault is a ConfigError naming file and key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline import yaml
from pipeline.config import Leaf, Run, Section
from pipeline.errors import ConfigError, nearest

NODE = re.compile(r"^[a-z]+(@[A-Za-z0-9_-]+)*$")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Config:
    """What a file says: circumstances, and one section per node name, in the file's order."""

    path: Path
    run: Run
    sections: dict[str, Section]


def load(path: Path, overrides: Sequence[str], models: Mapping[str, type[Section]]) -> Config:
    """Read `path`, apply `key=value` overrides, resolve variants, check every key.

    `models` maps a stage's name to its section. A variant `stage@name` inherits the section `stage` and overrides
    keys of it; a section `{use: ...}` becomes a Leaf.
    """
    raw = yaml.read(path)
    for override in overrides:
        _apply(raw, override)
    run = build(Run, raw.pop("run", None), str(path), ("run",))
    sections: dict[str, Section] = {}
    for name, value in raw.items():
        stage = name.partition("@")[0]
        if stage not in models or not NODE.match(name):
            raise ConfigError(f"{path}: unknown section '{name}'{nearest(stage, ['run', *models])}")
        inherited = raw.get(stage) if name != stage else None
        value = _merged(_mapping(inherited, path, stage), _mapping(value, path, name))
        if "use" in value:
            own = _mapping(raw[name], path, name)
            sections[name] = build(Leaf, own if "use" in own else value, str(path), (name,))
        else:
            sections[name] = build(models[stage], value, str(path), (name,))
        try:
            sections[name].check(run)
        except ConfigError as error:
            raise ConfigError(f"{path}: {name}: {error}") from None
    return Config(path, run, sections)


def build(model: type[Model], value: Any, where: str, path: tuple[str, ...]) -> Model:
    """Validate strictly, as JSON (so that lists may become tuples, and nothing else changes its type)."""
    try:
        return model.model_validate_json(json.dumps({} if value is None else value), strict=True)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_sentence(model, value, error, path)}") from None


def _mapping(value: Any, path: Path, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: '{name}' must be a mapping of keys, not {value!r}")
    return value


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` over `below`, mappings merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    steps = key.split(".")
    if not equals or not all(steps):
        raise ConfigError(f"the override '{override}' is not of the form section.key=value")
    value = yaml.parse(text, f"override {key}") if text.strip() else None
    place = raw
    for step in steps[:-1]:
        if place.get(step) is None:
            place[step] = {}
        place = place[step]
        if not isinstance(place, dict):
            raise ConfigError(f"the override '{override}' goes below '{step}', which is not a mapping")
    place[steps[-1]] = value


def _sentence(model: type[BaseModel], value: Any, error: ValidationError, path: tuple[str, ...]) -> str:
    """The first fault as one sentence: the key's whole path, what is wrong, and the nearest valid key."""
    fault = error.errors(include_url=False, include_input=True)[0]
    key = ".".join((*path, *(str(step) for step in fault["loc"])))
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if fault["type"] == "extra_forbidden":
        keys = _keys_at(model, fault["loc"][:-1])
        return f"unknown key '{key}'{nearest(str(fault['loc'][-1]), keys)}{more}"
    if fault["type"] == "missing":
        return f"the key '{key}' is required{more}"
    message = fault["msg"].removeprefix("Value error, ")
    hint = ""
    if fault["type"].startswith("bool") and str(fault["input"]).lower() in ("yes", "no", "on", "off", "y", "n"):
        hint = "; YAML 1.2 reads yes, no, on and off as text: write true or false"
    shown = json.dumps(fault["input"], ensure_ascii=False)
    given = f", not {shown if len(shown) < 80 else shown[:77] + '...'}" if fault["type"] != "value_error" else ""
    return f"{key}: {message[0].lower() + message[1:]}{given}{hint}{more}"


def _keys_at(model: type[BaseModel], steps: Sequence[Any]) -> list[str]:
    """The valid keys of the model that stands at `steps` below `model`."""
    from typing import get_args

    for step in steps:
        if isinstance(step, int) or step not in model.model_fields:
            continue
        model = next(_models_in(model.model_fields[step].annotation, get_args), model)
    return list(model.model_fields)


def _models_in(annotation: Any, get_args: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part, get_args)
