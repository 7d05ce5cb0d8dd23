"""YAML 1.2, strictly: no tags, no duplicate keys, no alias bombs, one document; every fault is one sentence."""

from __future__ import annotations

import datetime
import math
import re
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

MAX_BYTES = 1 << 20
MAX_NODES = 20_000  # after aliases are expanded


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigError naming the file, line and key."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_BYTES} bytes; a configuration is small")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}") from None
    found = parse(text, str(path))
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"{path} must hold a mapping of sections, not {_kind(found)}")
    return found


def parse(text: str, where: str) -> Any:
    """One YAML value as plain Python; dates stay text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    def loader() -> YAML:
        return YAML(typ="safe", pure=True)

    try:
        _refuse_bombs_and_tags(loader().parse(text), where)
        return _plain(loader().load(text), where, ())
    except DuplicateKeyError as error:
        key = re.search(r'duplicate key "([^"]*)"', str(error))
        raise ConfigError(f"{where}: the key '{key.group(1) if key else '?'}' stands twice{_line(error)}") from None
    except MarkedYAMLError as error:
        raise ConfigError(f"{where}: {error.problem or error.context}{_line(error)}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not YAML: {str(error).splitlines()[0]}") from None


def _line(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""


def _refuse_bombs_and_tags(events: Any, where: str) -> None:
    """Count nodes as if every alias were expanded, without expanding any."""
    from ruamel.yaml import events as kinds

    sizes: dict[str, int] = {}
    stack: list[list[Any]] = [[None, 0]]
    for event in events:
        line = f"{where}, line {event.start_mark.line + 1}" if event.start_mark else where
        if getattr(event, "tag", None):
            raise ConfigError(f"{line}: tags such as {event.tag} are not allowed")
        if isinstance(event, (kinds.MappingStartEvent, kinds.SequenceStartEvent)):
            stack.append([event.anchor, 1])
        elif isinstance(event, (kinds.MappingEndEvent, kinds.SequenceEndEvent)):
            anchor, size = stack.pop()
            if anchor:
                sizes[anchor] = size
            stack[-1][1] += size
        elif isinstance(event, kinds.AliasEvent):
            stack[-1][1] += sizes.get(event.anchor, 1)
        elif isinstance(event, kinds.ScalarEvent):
            if event.anchor:
                sizes[event.anchor] = 1
            stack[-1][1] += 1
        if stack[-1][1] > MAX_NODES:
            raise ConfigError(f"{line}: aliases expand to more than {MAX_NODES} values")


def _plain(value: Any, where: str, path: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(f"{where}: the key {key!r} under '{'.'.join(path)}' must be text; quote it")
        return {key: _plain(item, where, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, where, path) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where}: {'.'.join(path)} is {value}, not a finite number")
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise ConfigError(f"{where}: {'.'.join(path)} holds {_kind(value)}, which a configuration cannot")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
