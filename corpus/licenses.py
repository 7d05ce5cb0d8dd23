"""What licenses allow: a small table of SPDX ids, and what a mixture of them allows together.

A statement about the text: whoever passes the mixture on is bound by it. Whether a model trained on the text is, courts
have not settled; the ledger says what was used and under which terms, and takes the strictest. It is no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Terms:
    """What one license asks; None is not known."""

    commercial: bool | None
    changes: bool | None
    share_alike: bool | None
    attribution: bool | None


FREE = Terms(commercial=True, changes=True, share_alike=False, attribution=False)
NOTICE = Terms(commercial=True, changes=True, share_alike=False, attribution=True)
COPYLEFT = Terms(commercial=True, changes=True, share_alike=True, attribution=True)
UNKNOWN = Terms(None, None, None, None)

# An id matches when it is the key, or the key with a version, a port or "only"/"or-later" after it.
TABLE: dict[str, Terms] = {
    "cc0": FREE, "pddl": FREE, "unlicense": FREE, "0bsd": FREE, "public-domain": FREE, "wtfpl": FREE,
    "cc-by": NOTICE, "odc-by": NOTICE, "mit": NOTICE, "mit-0": FREE, "isc": NOTICE, "zlib": NOTICE,
    "apache": NOTICE, "bsd-2-clause": NOTICE, "bsd-3-clause": NOTICE, "psf": NOTICE, "python": NOTICE, "bsl": NOTICE,
    "cc-by-sa": COPYLEFT, "gfdl": COPYLEFT, "gpl": COPYLEFT, "lgpl": COPYLEFT, "agpl": COPYLEFT, "mpl": COPYLEFT,
    "odbl": COPYLEFT, "epl": COPYLEFT, "cddl": COPYLEFT, "fdl": COPYLEFT,
    "cc-by-nc": Terms(False, True, False, True), "cc-by-nc-sa": Terms(False, True, True, True),
    "cc-by-nd": Terms(True, False, False, True), "cc-by-nc-nd": Terms(False, False, False, True),
    # Korea Open Government License (공공누리), types 1 to 4
    "kogl-1": NOTICE, "kogl-2": Terms(False, True, False, True),
    "kogl-3": Terms(True, False, False, True), "kogl-4": Terms(False, False, False, True),
}  # fmt: skip
VERSION = re.compile(
    r"-v?\d+(\.\d+)*\+?(-(only|or-later|international|unported|generic|igo|[a-z]{2}))?$|-or-later$|-only$"
)


def terms(license: str) -> Terms:
    """The terms of one license id, or UNKNOWN."""
    name = license.strip().casefold()
    name = re.sub(r"공공누리\s*(?:제\s*)?(\d)\s*유형", r"kogl-\1", name)
    name = re.sub(r"[\s_]+", "-", name).replace("-license", "").replace("kogl-type-", "kogl-")
    name = re.sub(r"^(cc)(by|0)", r"\1-\2", name).replace("cc-0", "cc0")
    if name in TABLE:
        return TABLE[name]
    return TABLE.get(VERSION.sub("", name), UNKNOWN)


def parts(license: str) -> list[str]:
    """The ids in an expression: `A AND B`, `A OR B`, `A / B` and `A, B` are all read as A and B, the strict way.

    Remarks in parentheses are not read.
    """
    bare = re.sub(r"\(.*?\)", " ", license) if not license.strip().startswith("(") else license.strip(" ()")
    found = [part.strip() for part in re.split(r"\s+(?:AND|OR)\s+|\s+/\s+|[,;]", bare) if part.strip()]
    return found or ["unknown"]


def together(licenses: Iterable[str]) -> str:
    """One expression for several licenses, which may be such expressions themselves; sorted."""
    return " AND ".join(sorted({part for license in licenses for part in license.split(" AND ") if part})) or "unknown"


def allowed_use(licenses: Iterable[str]) -> dict[str, Any]:
    """What text under all of these licenses allows: the strictest of each; one unknown license leaves it unknown.

    `commercial` and `changes` are "yes", "no" or "unknown"; the lists name the licenses that ask for something.
    """
    names = sorted({part for license in licenses for part in parts(license)})
    known = {name: terms(name) for name in names}

    def verdict(values: list[bool | None]) -> str:
        if False in values:
            return "no"
        return "unknown" if None in values or not values else "yes"

    return {
        "commercial": verdict([found.commercial for found in known.values()]),
        "changes": verdict([found.changes for found in known.values()]),
        "no_commercial": [name for name, found in known.items() if found.commercial is False],
        "no_changes": [name for name, found in known.items() if found.changes is False],
        "share_alike": [name for name, found in known.items() if found.share_alike],
        "attribution": [name for name, found in known.items() if found.attribution],
        "unknown": [name for name, found in known.items() if found == UNKNOWN],
    }
