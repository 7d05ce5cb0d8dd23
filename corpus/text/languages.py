"""The languages that language ID tells apart: the labels of fastText's lid.176."""

from __future__ import annotations

from pipeline.errors import nearest

LANGUAGE_CODE = 3  # letters: a source whose `lang` is longer ("code") is no language that could be identified
_KNOWN = (
    "af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv cy da de "
    "diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gu gv he hi hif hr hsb ht hu hy ia id ie ilo "
    "io is it ja jbo jv ka kk km kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai mg mhr min mk ml mn mr mrj ms "
    "mt mwl my myv mzn nah nap nds ne new nl nn no oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah sc scn "
    "sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep vi vls vo wa war wuu xal xmf "
    "yi yo yue zh"
)
# codes of other standards: ISO 639-3, and of countries
_MEANT = {"kor": "ko", "kr": "ko", "eng": "en", "jpn": "ja", "jp": "ja", "zho": "zh", "cn": "zh"}
LANGUAGES = frozenset(_KNOWN.split())


def unknown(lang: str) -> str:
    """Why no text could be found to be in this language, or ""; a name longer than a code is none."""
    if lang in LANGUAGES or len(lang) > LANGUAGE_CODE:
        return ""
    meant = _MEANT.get(lang)
    hint = f"; did you mean '{meant}'?" if meant else nearest(lang, sorted(LANGUAGES))
    return f"language ID knows no '{lang}'{hint}"
