"""Chat data: records of files, in any of the usual layouts, as conversations of one shape.

Files are read with `datasets`: JSONL and JSON (also .gz), CSV and Parquet. A record that is no conversation is
named and counted, never repaired by guessing. Layouts, by the keys a record has:

- `messages`: a list of `{role, content}` (OpenAI)
- `conversations`: a list of `{from, value}` (ShareGPT)
- `instruction`, `output`, and perhaps `input`, `system`, `history` (Stanford Alpaca, LLaMA-Factory)
- `prompt` and `response` (or `completion`), `question` and `answer`, `Q` and `A`
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from pipeline.errors import InputError

ROLES = {
    "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant",
    "bing": "assistant", "bard": "assistant", "model": "assistant", "system": "system",
}  # fmt: skip
PAIRS = (("prompt", "response"), ("prompt", "completion"), ("question", "answer"), ("Q", "A"))
READERS = {".jsonl": "lines", ".ndjson": "lines", ".json": "whole", ".csv": "csv", ".parquet": "parquet"}
NAMED = 5  # bad records named per file; all are counted


class Message(TypedDict):
    role: str
    content: str


Conversation = list[Message]


class BadRecord(ValueError):
    """Why a record is no conversation; the text is the reason it is counted under."""


@dataclass
class ChatSet:
    """Conversations of one name in `sft.data`, and what was left out, by reason."""

    name: str
    license: str
    made: bool
    conversations: list[Conversation] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def skip(self, reason: str, where: str) -> None:
        self.skipped[reason] += 1
        if len(self.named) < NAMED:
            self.named.append(f"{where}: {reason}")

    def __len__(self) -> int:
        return len(self.conversations)


def read_files(name: str, pattern: str, license: str) -> ChatSet:
    """Every conversation of a file, folder or glob, in sorted file order and record order.

    Raises InputError for no file, a kind of file that is not known, bytes that are not UTF-8, a broken file.
    """
    found = ChatSet(name, license, made=False)
    for path in _paths(name, pattern):
        for number, record in enumerate(_records(path, _kind(path) or ""), start=1):
            try:
                found.conversations.append(conversation(_parsed(record) if isinstance(record, str) else record))
            except BadRecord as bad:
                found.skip(str(bad), f"{path.name} record {number}")
    return found


def conversation(record: Any) -> Conversation:
    """One record as messages: NFC text without outer blanks, an optional system turn, then user and assistant in
    turn. Turns after the last answer are dropped, since nothing is learned from them.

    Raises BadRecord with the reason.
    """
    if not isinstance(record, dict):
        raise BadRecord("not an object")
    messages = [_message(role, content) for role, content in _turns(record)]
    while messages and messages[-1]["role"] != "assistant":
        messages.pop()
    if not messages:
        raise BadRecord("no answer")
    spoken = messages[1:] if messages[0]["role"] == "system" else messages
    for place, message in enumerate(spoken):
        if message["role"] != ("user", "assistant")[place % 2]:
            raise BadRecord("turns of user and assistant do not alternate")
    return messages


def _paths(name: str, pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_dir():
        found = sorted(child for child in path.iterdir() if child.is_file() and _kind(child))
    elif path.is_file():
        found = [path]
    else:
        root = Path(path.anchor) if path.is_absolute() else Path()
        parts = path.relative_to(path.anchor) if path.is_absolute() else path
        found = sorted(child for child in root.glob(str(parts)) if child.is_file())
    if not found:
        raise InputError(f"sft.data.{name}: no file matches {pattern}")
    for child in found:
        if not _kind(child):
            raise InputError(f"sft.data.{name}: {child} is none of {', '.join(READERS)} (or one of them with .gz)")
    return found


def _kind(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return READERS.get(suffixes[-1]) if suffixes else None


def _records(path: Path, kind: str) -> Iterator[Any]:
    """Records of one file: text to parse from JSONL, objects from everything else. Streamed: nothing is cached."""
    import datasets

    builder = {"lines": "text", "whole": "text", "csv": "csv", "parquet": "parquet"}[kind]
    options: dict[str, Any] = {"sample_by": "document"} if kind == "whole" else {}
    if kind == "csv":
        options = {"keep_default_na": False}  # an answer "NA" stays what it says
    try:
        rows = datasets.load_dataset(builder, data_files=str(path.absolute()), split="train", streaming=True, **options)
        for number, row in enumerate(rows):
            if kind == "lines":
                line = row["text"].strip().removeprefix("\ufeff")
                if number == 0 and line.startswith("["):  # an array under the name of JSONL
                    yield from _records(path, "whole")
                    return
                if line:
                    yield line
            elif kind == "whole":
                yield from _objects(path, row["text"].removeprefix("\ufeff"))
            else:
                yield dict(row)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error.reason}") from None
    except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _objects(path: Path, text: str) -> Iterator[Any]:
    """A `.json` file: one array of records, or records line by line as some tools write it."""
    try:
        whole = json.loads(text)
    except ValueError as error:
        if text.lstrip().startswith("["):
            raise InputError(f"{path} is not JSON: {error}") from None
        yield from (line for line in text.split("\n") if line.strip())
        return
    yield from whole if isinstance(whole, list) else [whole]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise BadRecord("not JSON") from None


def _turns(record: dict[str, Any]) -> list[tuple[Any, Any]]:
    """`(role, content)` pairs as the record has them, unchecked."""
    for key, role, content in (("messages", "role", "content"), ("conversations", "from", "value")):
        turns = record.get(key)
        if turns is not None:
            if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
                raise BadRecord(f"'{key}' is not a list of turns")
            # some sets name the list one way and its keys the other
            return [(turn.get(role, turn.get("role")), turn.get(content, turn.get("content"))) for turn in turns]
    if "instruction" in record and "output" in record:
        return _alpaca(record)
    for prompt, response in PAIRS:
        if prompt in record and response in record:
            return [("user", record[prompt]), ("assistant", record[response])]
    raise BadRecord("no known layout; keys: " + ", ".join(sorted(map(str, record))[:8]))


def _alpaca(record: dict[str, Any]) -> list[tuple[Any, Any]]:
    asked = record["instruction"]
    if record.get("input"):
        if not isinstance(asked, str) or not isinstance(record["input"], str):
            raise BadRecord("a turn is not text")
        asked = f"{asked}\n\n{record['input']}"
    turns: list[tuple[Any, Any]] = [("system", record["system"])] if record.get("system") else []
    for pair in record.get("history") or []:
        if not isinstance(pair, list) or len(pair) != 2:
            raise BadRecord("'history' is not a list of pairs")
        turns += [("user", pair[0]), ("assistant", pair[1])]
    return [*turns, ("user", asked), ("assistant", record["output"])]


def _message(role: Any, content: Any) -> Message:
    known = ROLES.get(role.lower()) if isinstance(role, str) else None
    if known is None:
        raise BadRecord(f"role '{role}' is not system, user or assistant")
    if not isinstance(content, str):
        raise BadRecord("a turn is not text")
    text = unicodedata.normalize("NFC", content).strip()
    if not text:
        raise BadRecord("an empty turn")
    if "\ufffd" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRecord("text that was not decoded (U+FFFD or a lone surrogate)")
    return {"role": known, "content": text}
