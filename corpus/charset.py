"""From bytes to text: which charset a page is really in, how that was decided, and what had to be repaired.

The order is the WHATWG encoding standard's (byte order mark, HTTP header, markup), changed where Korean pages need it:
EUC-KR and its aliases are read as CP949 (its superset), a declaration that the bytes contradict is set aside, and
statistics are asked last, because they call most EUC-KR pages UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

CP949 = "cp949"
UTF8 = "utf-8"
_KOREAN = (
    "euc-kr euckr euc_kr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 ks-c-5601 korean iso-ir-149 "
    "csksc56011987 cseuckr windows-949 cp949 ms949 x-windows-949 uhc x-euc-kr"
)
_LATIN = "iso-8859-1 latin1 latin-1 us-ascii ascii windows-1252 cp1252 iso-8859-15 iso8859-1 l1"
_CHINESE = "gb2312 gb_2312-80 gbk x-gbk cp936 windows-936 chinese csgb2312"
_UNICODE = "utf-8 utf8 unicode-1-1-utf-8 x-utf-8 utf_8 u8"
KOREAN, LATIN, CHINESE, UNICODE = (frozenset(labels.split()) for labels in (_KOREAN, _LATIN, _CHINESE, _UNICODE))
BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SNIFFED = 4096  # bytes of markup searched for a declaration; the standard's 1024 miss late ones
REPAIRABLE = 0.05  # bad bytes per non-ASCII byte up to which a page counts as damaged, not as another charset
HANGUL_ENOUGH = 0.8  # of the letters beyond ASCII, for CP949 to be believed undeclared: Chinese read so has 0.6
CHANCE = 3  # characters that are valid UTF-8 in a page declared EUC-KR: a syllable is by chance in one of ten cases
REPLACEMENT = "\ufffd"

_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Decoded:
    """`how` is bom, header, meta, body (no usable declaration, the bytes are valid), repaired or detected.

    `declared` is the label that the header (or else the markup) gave, "" for none. `lying` says that the bytes
    contradict it. `repaired` counts the places where bad bytes were replaced.
    """

    text: str
    charset: str
    how: str
    declared: str = ""
    lying: bool = False
    repaired: int = 0


def canonical(label: str) -> str | None:
    """The Python codec for a charset label, or None for one that no text codec has."""
    name = label.strip().lower()
    if name in KOREAN:
        return CP949
    if name in UNICODE:
        return UTF8
    if name in LATIN:
        return "cp1252"
    if name in CHINESE:
        return "gb18030"
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return found.name if getattr(found, "_is_text_encoding", True) else None


def declarations(body: bytes, content_type: str = "") -> Iterator[tuple[str, str]]:
    """(where, label) of the HTTP header, then of the markup's start."""
    if found := _HEADER.search(content_type):
        yield "header", found[1]
    head = body[:SNIFFED]
    if (mark := _META.search(head) or _XML.search(head)) is not None:
        yield "meta", mark[1].decode("ascii", "ignore")


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode a page; never raises, and says what it did."""
    for mark, charset in BOMS:
        if body.startswith(mark):
            rest = body[len(mark) :]
            text = rest.decode(charset, "replace")
            return Decoded(text, charset, "bom", repaired=text.count(REPLACEMENT) - rest.count(b"\xef\xbf\xbd"))
    labels = list(declarations(body, content_type))
    declared = labels[0][1].lower() if labels else ""
    claims = [(where, known) for where, label in labels if (known := canonical(label)) is not None]
    if body.isascii() and not any(known.startswith(("utf-16", "iso2022", "hz", "utf-7")) for _, known in claims):
        where, named = claims[0] if claims else ("body", UTF8)
        if named in (UTF8, CP949):
            return Decoded(body.decode("ascii"), named, where, declared)
        return Decoded(body.decode("ascii"), UTF8, "body", declared)
    return _strict(body, claims, declared) or _repaired(body, claims, declared) or _detected(body, declared)


def _strict(body: bytes, claims: list[tuple[str, str]], declared: str) -> Decoded | None:
    for number, (where, charset) in enumerate(claims):
        lying = number > 0 and charset != claims[0][1]
        if charset == "cp1252" and (other := _in_body(body)) is not None:
            # servers add ISO-8859-1 to everything, and it decodes anything
            return Decoded(other[0], other[1], "body", declared, lying=True)
        if (text := _try(body, charset)) is not None:
            if charset == CP949 and (read := _try(body, UTF8)) is not None and _beyond_ascii(read) >= CHANCE:
                return Decoded(read, UTF8, "body", declared, lying=True)
            return Decoded(text, charset, where, declared, lying=lying)
    if (other := _in_body(body)) is not None:
        return Decoded(other[0], other[1], "body", declared, lying=bool(claims))
    return None


def _in_body(body: bytes) -> tuple[str, str] | None:
    """UTF-8 or CP949 where the bytes are valid in it and, for CP949, where what comes out is mostly Hangul."""
    if (text := _try(body, UTF8)) is not None:
        return text, UTF8
    if (text := _try(body, CP949)) is not None and _hangul(text) >= HANGUL_ENOUGH:
        return text, CP949
    return None


def _try(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError):
        return None


def _beyond_ascii(text: str) -> int:
    return sum(1 for character in text if character > "\x7f")


def _hangul(text: str) -> float:
    """Share of Hangul syllables among the letters that are not ASCII."""
    other = sum(1 for character in text if character > "\x7f" and character.isalpha())
    return sum(1 for character in text if "가" <= character <= "힣") / other if other else 0.0


def _repaired(body: bytes, claims: list[tuple[str, str]], declared: str) -> Decoded | None:
    """The multi-byte charset with the fewest bad places, where they are few; ties go to what was declared."""
    high = sum(map(len, _HIGH.findall(body)))
    best: Decoded | None = None
    named = [charset for _, charset in claims if charset != "cp1252"]
    for charset in dict.fromkeys([*named, UTF8, CP949]):
        text, bad = _decode_mending(body, charset)
        lying = bool(claims) and charset != claims[0][1]
        if charset == CP949 and CP949 not in named and _hangul(text) < HANGUL_ENOUGH:
            continue  # damaged Chinese comes out as Hangul and Hanja mixed
        if bad <= REPAIRABLE * high and (best is None or bad < best.repaired):
            best = Decoded(text, charset, "repaired", declared, lying=lying, repaired=bad)
    if best is None and 0 < high <= 1 / REPAIRABLE:  # one stray byte in a page that is nearly ASCII
        text, bad = _decode_mending(body, UTF8)
        return Decoded(text, UTF8, "repaired", declared, repaired=bad) if bad <= 2 else None
    return best


def _decode_mending(body: bytes, charset: str) -> tuple[str, int]:
    """Decode, replacing each bad place; in UTF-8, a run that is Hangul in CP949 (an included file) is read as that."""
    parts: list[str] = []
    at = bad = 0
    decoder = codecs.getdecoder(charset)
    while at < len(body):
        try:
            parts.append(decoder(body[at:], "strict")[0])
            break
        except UnicodeDecodeError as error:
            parts.append(decoder(body[at : at + error.start], "strict")[0])
            start, end = at + error.start, at + error.end
            bad += 1
            run = _HIGH.match(body, start)
            piece = _try(run[0], CP949) if run is not None and charset == UTF8 else None
            if run is not None and piece and len(piece) > 1 and all("가" <= one <= "힣" for one in piece):
                parts.append(piece)
                end = run.end()
            else:
                parts.append(REPLACEMENT)
            at = end
            if bad > 1000:  # not damage: another charset
                return "", len(body)
    return "".join(parts), bad


def _detected(body: bytes, declared: str) -> Decoded:
    from resiliparse.parse.encoding import detect_encoding

    charset = canonical(detect_encoding(body) or "") or UTF8
    text = body.decode(charset, "replace")
    return Decoded(text, charset, "detected", declared, lying=bool(declared), repaired=text.count(REPLACEMENT))
