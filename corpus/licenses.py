"""What licenses allow: a table of SPDX ids and of Korean terms, and what a mixture of them allows together.

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
    """What one license asks; None is not known. `pass_on`: whether the text may be given to others at all."""

    commercial: bool | None
    changes: bool | None
    share_alike: bool | None
    attribution: bool | None
    pass_on: bool | None = True
    limits: str = ""


FREE = Terms(commercial=True, changes=True, share_alike=False, attribution=False)
NOTICE = Terms(commercial=True, changes=True, share_alike=False, attribution=True)
COPYLEFT = Terms(commercial=True, changes=True, share_alike=True, attribution=True)
UNKNOWN = Terms(None, None, None, None, None)

# An id matches when it is the key, or the key with a version, a port or "only"/"or-later" after it.
TABLE: dict[str, Terms] = {
    "cc0": FREE, "cc-pdm": FREE, "pddl": FREE, "unlicense": FREE, "0bsd": FREE, "public-domain": FREE, "wtfpl": FREE,
    "cc-by": NOTICE, "odc-by": NOTICE, "mit": NOTICE, "mit-0": FREE, "isc": NOTICE, "zlib": NOTICE,
    "apache": NOTICE, "bsd-2-clause": NOTICE, "bsd-3-clause": NOTICE, "psf": NOTICE, "python": NOTICE, "bsl": NOTICE,
    "cc-by-sa": COPYLEFT, "gfdl": COPYLEFT, "gpl": COPYLEFT, "lgpl": COPYLEFT, "agpl": COPYLEFT, "mpl": COPYLEFT,
    "odbl": COPYLEFT, "epl": COPYLEFT, "cddl": COPYLEFT, "fdl": COPYLEFT, "ogl-uk": NOTICE, "ogl": NOTICE,
    "cc-sa": Terms(True, True, True, False), "cc-nc": Terms(False, True, False, False),
    "cc-nd": Terms(True, False, False, False), "cc-nc-sa": Terms(False, True, True, False),
    "cc-nc-nd": Terms(False, False, False, False),
    "cc-by-nc": Terms(False, True, False, True), "cc-by-nc-sa": Terms(False, True, True, True),
    "cc-by-nd": Terms(True, False, False, True), "cc-by-nc-nd": Terms(False, False, False, True),
    # Korea Open Government License (공공누리): types 1 to 4; 0 and AI since 28 January 2026 (문화체육관광부)
    "kogl-0": FREE, "kogl-ai": Terms(True, True, False, False, limits="for training AI, beside another type's terms"),
    "kogl-1": NOTICE, "kogl-2": Terms(False, True, False, True),
    "kogl-3": Terms(True, False, False, True), "kogl-4": Terms(False, False, False, True),
    # AI 허브 데이터 이용정책, 1 to 5 (한국지능정보사회진흥원)
    "aihub": Terms(True, True, False, True, False, "for training AI alone; use or transfer abroad only by agreement"),
    # 국립국어원 모두의 말뭉치: an agreement per corpus, whose terms on commercial use differ; the text is not passed on
    "nikl-modu": Terms(None, None, False, True, False, "by the agreement made for each corpus"),
}  # fmt: skip
VERSION = re.compile(
    r"-v?\d+(\.\d+)*\+?(-(no-)?invariants)?(-(only|or-later|international|unported|generic|igo|scotland|[a-z]{2}))?$"
    r"|-or-later$|-only$"
)
# names in Korean: of KOGL's types, of Creative Commons' parts, of two institutions' terms
_KOREAN = (
    (re.compile(r"공공누리\s*(?:제\s*)?([0-4]|ai)\s*유형"), r"kogl-\1"),
    (re.compile(r"ai\s*(?:허브|hub)\b.*|aihub\b.*"), "aihub"),
    (re.compile(r"(?:국립국어원\s*)?모두의\s*말뭉치.*"), "nikl-modu"),
)
_CC = {"저작자표시": "by", "비영리": "nc", "변경금지": "nd", "동일조건변경허락": "sa"}
_CC_KOREAN = re.compile(
    r"(?:cc(?:l)?\s*)?(저작자\s*표시(?:[\s-]*(?:비영리|변경\s*금지|동일\s*조건\s*변경\s*허락))*)\s*(\d\.\d)?.*"
)


def terms(license: str) -> Terms:
    """The terms of one license id, or UNKNOWN."""
    name = license.strip().casefold()
    for form, id in _KOREAN:
        name = form.sub(id, name)
    if found := _CC_KOREAN.fullmatch(name):
        parts = re.sub(r"\s", "", found[1]).replace("-", "")
        name = "-".join(["cc", *(code for word, code in _CC.items() if word in parts)])
    name = re.sub(r"[\s_]+", "-", name).replace("-license", "")
    name = re.sub(r"kogl-type-?(?=[0-4]|ai)", "kogl-", name)
    name = re.sub(r"^(cc)(by|0)", r"\1-\2", name).replace("cc-0", "cc0")
    if name in TABLE:
        return TABLE[name]
    return TABLE.get(VERSION.sub("", name), UNKNOWN)


def parts(license: str) -> list[str]:
    """The ids in an expression: `A AND B`, `A OR B`, `A / B` and `A, B` are all read as A and B, the strict way.

    Parentheses group an expression; else they hold a remark, which is not read unless it is a license itself.
    """
    if re.search(r"\s(?:AND|OR)\s", license) or license.strip().startswith("("):
        bare = re.sub("[()]", " ", license)
    else:
        bare = re.sub(r"\((.*?)\)", lambda remark: " " if terms(remark[1]) == UNKNOWN else f" AND {remark[1]}", license)
    found = [part.strip() for part in re.split(r"(?i)\s+(?:AND|OR)\s+|\s+/\s+|[,;]", bare) if part.strip()]
    return found or ["unknown"]


def together(licenses: Iterable[str]) -> str:
    """One expression for several licenses, which may be such expressions themselves; sorted."""
    return " AND ".join(sorted({part for license in licenses for part in license.split(" AND ") if part})) or "unknown"


def allowed_use(licenses: Iterable[str]) -> dict[str, Any]:
    """What text under all of these licenses allows: the strictest of each; one unknown license leaves it unknown.

    `commercial`, `changes` and `pass_on` are "yes", "no" or "unknown"; the lists name the licenses that ask for
    something, `limits` what else each of them says.
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
        "pass_on": verdict([found.pass_on for found in known.values()]),
        "no_commercial": [name for name, found in known.items() if found.commercial is False],
        "no_changes": [name for name, found in known.items() if found.changes is False],
        "no_passing_on": [name for name, found in known.items() if found.pass_on is False],
        "share_alike": [name for name, found in known.items() if found.share_alike],
        "attribution": [name for name, found in known.items() if found.attribution],
        "unknown": [name for name, found in known.items() if found == UNKNOWN],
        "limits": {name: found.limits for name, found in known.items() if found.limits},
    }
