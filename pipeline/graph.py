"""The graph is what the config says: each section is a node, each input field an edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.artifact import Artifact, fingerprint
from pipeline.config import Input, Leaf, Section, field_mark
from pipeline.content import ContentIndex
from pipeline.errors import ConfigError, nearest
from pipeline.load import Config
from pipeline.stages import STAGES, Stage


@dataclass(frozen=True)
class Node:
    """A stage, or a variant of it, with its inputs resolved; equal identities share one artifact."""

    name: str
    stage: Stage
    section: Section
    identity: dict[str, Any]
    inputs: dict[str, Any]  # field -> Node, or {node name: Node} for a `many` field
    root: Path

    @property
    def parents(self) -> dict[str, Node]:
        """Input name -> node; a `many` field gives one entry per node, under the node's name."""
        found: dict[str, Node] = {}
        for name, value in self.inputs.items():
            found.update(value if isinstance(value, dict) else {name: value})
        return found

    @cached_property
    def fingerprint(self) -> str:
        inputs = {
            name: {key: node.fingerprint for key, node in value.items()}
            if isinstance(value, dict)
            else value.fingerprint
            for name, value in self.inputs.items()
        }
        return fingerprint(self.stage.name, self.stage.version, self.identity, inputs)

    @property
    def artifact(self) -> Artifact:
        return Artifact(self.root / self.stage.name / self.fingerprint)

    @property
    def part(self) -> Path:
        return self.root / self.stage.name / f"{self.fingerprint}.part"

    @property
    def lock(self) -> Path:
        return self.root / "locks" / self.fingerprint


def build(config: Config) -> dict[str, Node]:
    """Every node of the config by name, parents before children. Raises ConfigError for a wrong or cyclic input."""
    sections = _expanded(config)
    root = config.run.folder
    content = ContentIndex(root / "cache" / "content.json")
    nodes: dict[str, Node] = {}

    def visit(name: str, trail: tuple[str, ...]) -> Node:
        if name in trail:
            raise ConfigError(f"{config.path}: {' -> '.join((*trail, name))} is a circle")
        if name not in nodes:
            section, chosen = sections[name]
            if isinstance(section, Leaf) and _stage(name).adopt is None:
                able = ", ".join(stage.name for stage in STAGES.values() if stage.adopt)
                raise ConfigError(f"{config.path}: {name} cannot be given by `use:`; {able} can")
            inputs = {
                field: {one: visit(one, (*trail, name)) for one in found}
                if isinstance(found, list)
                else visit(found, (*trail, name))
                for field, found in chosen.items()
            }
            pinned, identity = content.pin(section, name)
            nodes[name] = Node(name, _stage(name), pinned, identity, inputs, root)
        return nodes[name]

    for name in sections:
        visit(name, ())
    content.save()
    return nodes


def _stage(name: str) -> Stage:
    return STAGES[name.partition("@")[0]]


def _expanded(config: Config) -> dict[str, tuple[Section, dict[str, Any]]]:
    """Node name -> its section and the node names its inputs point to; `each` sections become one node per input."""
    expanded: dict[str, tuple[Section, dict[str, Any]]] = {}
    later: list[str] = []
    for name, section in config.sections.items():
        each = next((field for field, mark in _inputs(section).items() if mark.each), None)
        if each is None:
            if any(mark.many and mark.default == ("*",) for mark in _inputs(section).values()):
                later.append(name)
            else:
                expanded[name] = (section, _chosen(config, name, section))
            continue
        mark = _inputs(section)[each]
        targets = _targets(config, name, each, mark, getattr(section, each))
        rest = _chosen(config, name, section, leave_out=each)
        for target in targets:
            made = f"{name}@{target}"
            if made not in config.sections:
                expanded[made] = (section, {each: target, **rest})
        if not targets:
            raise ConfigError(f"{config.path}: {name} has no {each}: the config has none of {', '.join(mark.default)}")
    _fit_tokens(config, expanded)
    for name in later:
        section = config.sections[name]
        expanded[name] = (section, _chosen(config, name, section, present=[n for n in expanded if n not in later]))
    return expanded


def _fit_tokens(config: Config, expanded: dict[str, tuple[Section, dict[str, Any]]]) -> None:
    """Give each model tokens of its own tokenizer: `dapt@plain: {model: base}` reads a pack made with the base's."""
    for section, chosen in list(expanded.values()):
        for field, mark in _inputs(section).items():
            if mark.fits is None or getattr(section, field) is not None or mark.fits not in chosen:
                continue
            wanted = _tokenizer(expanded, chosen[mark.fits])
            same = [
                name
                for name, (_, inputs) in expanded.items()
                if _stage(name).kind in mark.kinds
                and "model" in inputs
                and _tokenizer(expanded, inputs["model"]) == wanted
            ]
            if chosen[field] in same or isinstance(config.sections.get(chosen[field]), Leaf):
                continue
            if not same:
                pack, inputs = expanded[chosen[field]]
                same = [f"{chosen[field]}@{wanted}"]
                expanded[same[0]] = (pack, {**inputs, "model": wanted})
            chosen[field] = same[0]


def _tokenizer(expanded: dict[str, tuple[Section, dict[str, Any]]], name: str) -> str:
    """The node whose tokenizer a model has: training hands its model's on."""
    for _ in expanded:  # a circle is refused later, where it can be named
        if _stage(name).name in ("base", "extend") or "model" not in expanded[name][1]:
            break
        name = expanded[name][1]["model"]
    return name


def _inputs(section: Section) -> dict[str, Input]:
    found = {name: field_mark(info, Input) for name, info in type(section).model_fields.items()}
    return {name: mark for name, mark in found.items() if mark is not None}


def _targets(config: Config, name: str, field: str, mark: Input, given: list[str] | None) -> list[str]:
    if given is not None:
        for target in given:
            _check(config, name, field, mark, target, list(config.sections))
        return list(dict.fromkeys(given))
    return [s for s in config.sections if s.partition("@")[0] in mark.default]


def _chosen(
    config: Config, name: str, section: Section, leave_out: str = "", present: list[str] | None = None
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    names = present if present is not None else list(config.sections)
    for field, mark in _inputs(section).items():
        given = getattr(section, field)
        if field == leave_out:
            continue
        if mark.many:
            if given is None:
                given = names if mark.default == ("*",) else [one for one in mark.default if one in names]
            for target in given:
                _check(config, name, field, mark, target, names)
            if mark.required and not given:
                raise ConfigError(_missing(config, name, field, mark))
            chosen[field] = list(dict.fromkeys(given))
        elif given is not None:
            _check(config, name, field, mark, given, names)
            chosen[field] = given
        else:
            found = next((one for one in mark.default if one in names and one != name), None)
            if found is not None:
                chosen[field] = found
            elif mark.required:
                raise ConfigError(_missing(config, name, field, mark))
    return chosen


def _missing(config: Config, name: str, field: str, mark: Input) -> str:
    return (
        f"{config.path}: {name} needs an input '{field}', and the config has no section "
        f"{' or '.join(mark.default)}; add one, or name a node of kind {' or '.join(mark.kinds)}"
    )


def _check(config: Config, name: str, field: str, mark: Input, target: str, names: list[str]) -> None:
    if target not in names:
        raise ConfigError(
            f"{config.path}: {name}.{field} names '{target}', which is no node here{nearest(target, names)}"
        )
    kind = _stage(target).kind
    if "*" not in mark.kinds and kind not in mark.kinds:
        raise ConfigError(f"{config.path}: {name}.{field} wants {' or '.join(mark.kinds)}, and '{target}' is a {kind}")


def named(nodes: Mapping[str, Node], name: str) -> list[Node]:
    """The node of that name; for a section that became one node per model (`evaluate`), all of them."""
    if name in nodes:
        return [nodes[name]]
    found = [
        node
        for node in nodes.values()
        if node.name.startswith(f"{name}@") and any(mark.each for mark in _inputs(node.section).values())
    ]
    if not found:
        raise ConfigError(f"there is no node '{name}' in this config{nearest(name, list(nodes))}")
    return found


def select(nodes: Mapping[str, Node], first: str | None, last: str | None) -> list[Node]:
    """Nodes from `first` on (it and what depends on it) and until `last` (it and what it depends on)."""
    chosen = list(nodes.values())
    if first is not None:
        start = {node.name for node in named(nodes, first)}
        chosen = [node for node in chosen if start & _ancestry(node)]
    if last is not None:
        wanted = set().union(*(_ancestry(node) for node in named(nodes, last)))
        chosen = [node for node in chosen if node.name in wanted]
    if not chosen:
        raise ConfigError(f"no node lies between --from {first} and --until {last}")
    return chosen


def _ancestry(node: Node) -> set[str]:
    """The node's name and the names of everything it is made from."""
    found = {node.name}
    for parent in node.parents.values():
        found |= _ancestry(parent)
    return found


def is_leaf(node: Node) -> bool:
    return isinstance(node.section, Leaf)
