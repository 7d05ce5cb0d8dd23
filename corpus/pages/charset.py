"""From bytes to text: which charset a page is really in, how that was decided, and what had to be repaired.

The order is the WHATWG encoding standard's (byte order mark, HTTP header, markup), changed where Korean pages need it:
EUC-KR and its aliases are read as CP949 (its superset), Johab and ISO-2022-KR are read where they are declared (the
latter also by its own escape sequence), a declaration that the bytes contradict is set aside, and statistics are asked
last, because they call most EUC-KR pages UTF-8. Only charsets of the web are known: Python has codecs that a page could
name to have its text rewritten (`unicode_escape`) or the reader hang (`punycode`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from corpus.text.scripts import scripts

CP949 = "cp949"
UTF8 = "utf-8"
LATIN_1 = "cp1252"
_KOREAN = (
    "euc-kr euckr euc_kr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 ks-c-5601 korean iso-ir-149 "
    "csksc56011987 cseuckr windows-949 cp949 ms949 x-windows-949 uhc x-euc-kr"
)
_LATIN = "iso-8859-1 latin1 latin-1 us-ascii ascii windows-1252 cp1252 iso-8859-15 iso8859-1 l1"
_CHINESE = "gb2312 gb_2312-80 gbk x-gbk cp936 windows-936 chinese csgb2312"
_UNICODE = "utf-8 utf8 unicode-1-1-utf-8 x-utf-8 utf_8 u8"
_JOHAB = "johab x-johab cp1361 ms1361 windows-1361 ksc5601_johab ks_c_5601-1992 ksc_5601-1992"
_SEVEN_BITS = "iso-2022-kr csiso2022kr iso2022kr iso2022_kr"
KOREAN, LATIN, CHINESE, UNICODE, JOHAB_NAMES, SEVEN_BITS = (
    frozenset(labels.split()) for labels in (_KOREAN, _LATIN, _CHINESE, _UNICODE, _JOHAB, _SEVEN_BITS)
)
JOHAB = "johab"
ISO_2022_KR = "iso2022_kr"
DESIGNATOR = b"\x1b$)C"  # opens every text in ISO-2022-KR (RFC 1557)
SHIFT_OUT = b"\x0e"
SHIFTED = (ISO_2022_KR, "iso2022_jp", "utf-16", "utf-16-le", "utf-16-be")  # where one lost byte changes what follows
_WEB = (  # codecs that a label may name beyond those above: the rest of the WHATWG encoding standard's
    "big5 big5hkscs cp866 euc_jp iso2022_jp shift_jis shift_jisx0213 cp932 koi8-r koi8-u mac-roman mac-cyrillic "
    "utf-16 utf-16-le utf-16-be tis-620 "
    "cp874 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 "
    "iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 "
    "iso8859-13 iso8859-14 iso8859-16"
)
WEB = frozenset(_WEB.split())
COMMON = frozenset("다는이가을를의에은고하로도한서지나으사기")  # the syllables that a Korean text of any length has
FEW, COMMON_SHARE = 20, 0.05  # syllables of which some must be common, and how many; Korean prose has a quarter
BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SNIFFED = 4096  # bytes of markup searched for a declaration; the standard's 1024 miss late ones
REPAIRABLE = 0.05  # bad bytes per non-ASCII byte up to which a page counts as damaged, not as another charset
HANGUL_ENOUGH = 0.8  # of the letters beyond ASCII, for CP949 to be believed undeclared: Chinese read so has 0.6
HANGUL_CLAIMED = 0.2  # for a damaged page under a Latin header whose markup names it: mixed script has so much
CHANCE = 3  # characters that are valid UTF-8 in a page declared EUC-KR: a syllable is by chance in one of ten cases
REPLACEMENT = "\ufffd"

_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META = re.compile(
    rb"<(?i:meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+))"
)  # "<" in no case: the search skips to it
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_RUN = re.compile("[가-힣]+")
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
    """The Python codec for a charset label, or None for a label that no page of the web has."""
    name = label.strip().lower()
    for names, codec in (
        (KOREAN, CP949), (UNICODE, UTF8), (LATIN, LATIN_1), (CHINESE, "gb18030"), (JOHAB_NAMES, JOHAB),
        (SEVEN_BITS, ISO_2022_KR),
    ):  # fmt: skip
        if name in names:
            return codec
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in WEB else None


def declarations(body: bytes, content_type: str = "") -> Iterator[tuple[str, str]]:
    """(where, label) of the HTTP header, then of the markup's start."""
    if found := _HEADER.search(content_type):
        yield "header", found[1]
    head = body[:SNIFFED]
    if (mark := _META.search(head) or _XML.search(head)) is not None:
        yield "meta", mark[1].decode("ascii", "ignore")


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode a page; never raises, and says what it did."""
    if (marked := _marked(body)) is not None:
        return marked
    body = body.removeprefix(codecs.BOM_UTF8)  # where it stood before bytes that are not UTF-8
    labels = list(declarations(body, content_type))
    declared = labels[0][1].lower() if labels else ""
    claims = [(where, known) for where, label in labels if (known := _believable(where, label, body)) is not None]
    if DESIGNATOR in body[:SNIFFED] and ISO_2022_KR not in [charset for _, charset in claims[:1]]:
        claims.insert(0, ("body", ISO_2022_KR))
    if body.isascii() and not any(known.startswith(("utf-16", "iso2022")) for _, known in claims):
        where, named = claims[0] if claims else ("body", UTF8)
        if named in (UTF8, CP949):
            return Decoded(body.decode("ascii"), named, where, declared)
        return Decoded(body.decode("ascii"), UTF8, "body", declared)
    return _strict(body, claims, declared) or _repaired(body, claims, declared) or _detected(body, declared)


def _marked(body: bytes) -> Decoded | None:
    """By the byte order mark, unless what stands behind it is another charset (a file included by a CP949 page)."""
    for mark, charset in BOMS:
        if not body.startswith(mark):
            continue
        rest = body[len(mark) :]
        text = rest.decode(charset, "replace")
        repaired = text.count(REPLACEMENT) - rest.count(b"\xef\xbf\xbd")
        if charset != UTF8 or repaired <= REPAIRABLE * sum(map(len, _HIGH.findall(rest))):
            return Decoded(text, charset, "bom", repaired=repaired)
    return None


def _believable(where: str, label: str, body: bytes) -> str | None:
    """The codec a declaration names, None where it cannot be: markup in UTF-16 could not be read to find its word."""
    known = canonical(label)
    if known is not None and known.startswith("utf-16"):
        return UTF8 if where == "meta" else known if b"\0" in body[:SNIFFED] else None
    if known == ISO_2022_KR and not (DESIGNATOR in body or SHIFT_OUT in body):
        return None
    return known


def _strict(body: bytes, claims: list[tuple[str, str]], declared: str) -> Decoded | None:
    for number, (where, charset) in enumerate(claims):
        lying = number > 0 and charset != claims[0][1]
        if charset == LATIN_1 and (found := _not_latin(body, claims, declared)) is not None:
            return found
        if (text := _try(body, charset)) is not None:
            if charset == CP949 and (read := _try(body, UTF8)) is not None and _beyond_ascii(read) >= CHANCE:
                return Decoded(read, UTF8, "body", declared, lying=True)
            if charset == JOHAB and (read := _try(body, CP949)) is not None and _commoner(read, text):
                return Decoded(read, CP949, "body", declared, lying=True)
            return Decoded(text, charset, where, declared, lying=lying or (where == "body" and bool(declared)))
    if (other := _in_body(body)) is not None:
        return Decoded(other[0], other[1], "body", declared, lying=canonical(declared) is not None)
    return None


def _not_latin(body: bytes, claims: list[tuple[str, str]], declared: str) -> Decoded | None:
    """What bytes said to be Latin are in truth: servers add ISO-8859-1 to everything, and it decodes anything."""
    if (other := _in_body(body)) is not None:
        return Decoded(other[0], other[1], "body", declared, lying=True)
    others = [claim for claim in claims if claim[1] != LATIN_1]
    if others and (found := _strict(body, others, declared)) is not None:
        return replace(found, lying=True)
    mended = _repaired(body, claims, declared)
    if mended is not None and _hangul(mended.text) >= (HANGUL_CLAIMED if others else HANGUL_ENOUGH):
        return replace(mended, lying=True)
    return None


def _is_korean(text: str) -> bool:
    """Whether its syllables stand side by side, and in a longer text are the common ones.

    A Latin apostrophe with the letter behind it is one syllable alone; EUC-JP comes out in rare ones.
    """
    runs = _RUN.findall(text)
    syllables = "".join(runs)
    if 2 * sum(len(run) for run in runs if len(run) > 1) < len(syllables):
        return False
    return len(syllables) < FEW or sum(map(syllables.count, COMMON)) >= COMMON_SHARE * len(syllables)


def _commoner(one: str, other: str) -> bool:
    """Whether `one` has more of the syllables that every Korean text has."""
    return sum(map(one.count, COMMON)) > sum(map(other.count, COMMON))


def _in_body(body: bytes) -> tuple[str, str] | None:
    """UTF-8 or CP949 where the bytes are valid in it and, for CP949, where what comes out is mostly Hangul."""
    if (text := _try(body, UTF8)) is not None:
        return text, UTF8
    if (text := _try(body, CP949)) is not None and _hangul(text) >= HANGUL_ENOUGH and _is_korean(text):
        return text, CP949
    return None


def _try(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError):
        return None


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _hangul(text: str) -> float:
    """Share of Hangul among the letters that are not ASCII."""
    found = scripts(text)
    ascii_letters = scripts(text.encode("ascii", "ignore").decode("ascii")).latin
    other = len(text) - found.rest - ascii_letters
    return found.hangul / other if other else 0.0


def _repaired(body: bytes, claims: list[tuple[str, str]], declared: str) -> Decoded | None:
    """The multi-byte charset with the fewest bad places, where they are few; ties go to what was declared."""
    high = sum(map(len, _HIGH.findall(body)))
    best: Decoded | None = None
    named = [charset for _, charset in claims if charset != LATIN_1]
    for charset in dict.fromkeys([*named, UTF8, CP949]):
        text, bad = _decode_mending(body, charset)
        lying = bool(claims) and charset != claims[0][1]
        if charset == CP949 and CP949 not in named and (_hangul(text) < HANGUL_ENOUGH or not _is_korean(text)):
            continue  # damaged Chinese comes out as Hangul and Hanja mixed
        if bad <= REPAIRABLE * (len(text) if charset in SHIFTED else high) and (best is None or bad < best.repaired):
            best = Decoded(text, charset, "repaired", declared, lying=lying, repaired=bad)
    if best is None and 0 < high <= 1 / REPAIRABLE:  # one stray byte in a page that is nearly ASCII
        text, bad = _decode_mending(body, UTF8)
        return Decoded(text, UTF8, "repaired", declared, repaired=bad) if bad <= 2 else None
    return best


def _decode_mending(body: bytes, charset: str) -> tuple[str, int]:
    """Decode, replacing each bad place; in UTF-8, a run that is Hangul in CP949 (an included file) is read as that."""
    if charset in SHIFTED:  # a cut one cannot be taken up again
        text = body.decode(charset, "replace")
        return text, text.count(REPLACEMENT)
    parts: list[str] = []
    at = bad = 0
    decoder, view = codecs.getdecoder(charset), memoryview(body)
    while at < len(body):
        try:
            parts.append(decoder(view[at:], "strict")[0])
            break
        except UnicodeDecodeError as error:
            start, end = at + error.start, at + error.end
            parts.append(decoder(view[at:start], "strict")[0])
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
