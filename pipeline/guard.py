"""Other projects own names like `tokenizer`: find out before the wrong one is imported."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

OURS = ("corpus", "tokenizer", "training", "eval")


def refuse_shadows() -> None:
    """Exit 3, naming the intruder, where a folder or package stands before one of ours on the path."""
    home = Path(__file__).resolve().parent.parent
    for name in OURS:
        spec = find_spec(name)
        places = list(spec.submodule_search_locations or []) or [spec.origin or ""] if spec else []
        if not any(Path(place).resolve() == home / name for place in places):
            found = places[0] if places else "nothing"
            sys.stderr.write(f"malmoi: the package '{name}' is {found}, not {home / name}; move or rename it\n")
            raise SystemExit(3)
