"""After how much training an extended model is ahead of an unextended one at equal compute, by their own ledgers.

Extension makes Korean shorter in tokens and begins with rows that know nothing: it starts behind and learns faster.
Both arms probe the same held-out openings at their checkpoints. Between two probes bits per byte are taken to run
straight; beyond the shorter curve nothing is said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from eval.curves import LOG, log
from pipeline.artifact import Artifact

Curve = list[tuple[float, float]]  # training FLOPs, bits per byte


def curves(artifact: Artifact) -> dict[str, Curve]:
    """Language -> bits per byte at each probe by the floating-point operations trained until then; {} without them."""
    per_token = artifact.metrics.get("flops_per_token")
    steps, tokens = artifact.metrics.get("steps"), artifact.metrics.get("tokens")
    if not per_token or not steps or not isinstance(tokens, Mapping):
        return {}
    per_step = per_token * sum(tokens.values()) / steps
    probes = log(artifact.path / LOG).get("bpb", {})
    return {lang: [(step * per_step, value) for step, value in points] for lang, points in sorted(probes.items())}


def break_even(extended: Mapping[str, Curve], plain: Mapping[str, Curve], lang: str) -> dict[str, Any] | None:
    """From which FLOPs on the extended arm stays ahead in `lang`; None where the arms have no curve to compare.

    `flops` is None where it is not ahead at the end, 0 where it is from the start. `up_to` is the end of the shorter
    curve. `there` gives both arms' bits per byte in every language at that place (at the end, where it is not ahead).
    """
    if any(len(arm.get(lang, ())) < 2 for arm in (extended, plain)):
        return None
    mine, theirs = extended[lang], plain[lang]
    end = min(mine[-1][0], theirs[-1][0])
    places = sorted({x for x, _ in (*mine, *theirs) if x < end} | {end})
    less = [at(mine, x) - at(theirs, x) for x in places]
    found: float | None = None
    if less[-1] <= 0:
        last = next((number for number in range(len(less) - 1, -1, -1) if less[number] > 0), None)
        if last is None:
            found = 0.0
        else:
            share = less[last] / (less[last] - less[last + 1])
            found = places[last] + share * (places[last + 1] - places[last])
    here = end if found is None else found
    both = [one for one in extended if len(plain.get(one, ())) > 1 and len(extended[one]) > 1]
    return {
        "lang": lang,
        "flops": found,
        "up_to": end,
        "there": {one: {"extended": at(extended[one], here), "plain": at(plain[one], here)} for one in both},
        "probes": min(len(mine), len(theirs)),
        "curves": {"extended": mine, "plain": theirs},
    }


def at(curve: Sequence[tuple[float, float]], x: float) -> float:
    """The curve's value at `x`, straight between two points; outside of them that of the nearest."""
    right = bisect_right(curve, (x, float("inf")))
    if right == 0:
        return curve[0][1]
    if right == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
