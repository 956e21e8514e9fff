"""Numbers that bound what they count: at most, no more than, under; at least, more than. "No more than 90" denies nothing."""

import re
from collections.abc import Sequence

from retrieval.checks.claims import Statement
from retrieval.checks.numbers import Number

_MOST = re.compile(
    r"(?:\bat (?:the )?(?:most|latest)|\bup to|\bno(?:t)? (?:more|later|longer|older|higher|larger|greater|heavier) than|\bnot (?:to )?exceed(?:ing)?|\b(?:less|fewer|lower|shorter|younger) than"
    r"|\b(?:maximum|max\.?)(?: of)?|\bunder|\bbelow|\bwithin)\s(?:the\s|an?\s)?\Z"
    r"|(?:不得?(?:超过|高于|多于|大于|晚于|迟于|长于)|[最至]多(?:不超过|为|可[^，。；\d]{0,3})?|少于|低于|小于|不足|不到|不满|未满|最高(?:不超过|为)?)\Z",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"(?:\bat (?:the )?(?:least|earliest)|\bno(?:t)? (?:less|fewer|sooner|earlier|shorter|younger|lower|smaller) than|\b(?<!no )(?<!not )(?:more|longer|later|older|higher|larger|greater|heavier) than"
    r"|\b(?:minimum|min\.?)(?: of)?|\bover|\babove)\s(?:the\s|an?\s)?\Z"
    r"|(?:不得?(?:少于|低于|小于|早于|短于)|至少(?:为|可[^，。；\d]{0,3})?|最少|最低(?:为)?|(?<!不)(?<!不得)(?:超过|高于|多于|大于|晚于))\Z",
    re.IGNORECASE,
)
_MOST_BEHIND, _LEAST_BEHIND = re.compile(r"[^，。；\d]{0,3}(?:以内|以下|之内)"), re.compile(r"[^，。；\d]{0,3}以上")
_LOOK_BACK = 24  # characters: longer than "no later than the "


def reversed_bound(claim: Statement, parts: Sequence[Statement]) -> str:
    """The number of the claim that bounds from the other side than the evidence lets it; "" for none."""
    for own in claim.numbers:
        ours = _side(claim.text, own)
        theirs = {_side(part.text, one) for part in parts for one in part.numbers if own.agrees(one)} - {0}
        if ours and theirs and ours not in theirs:
            return claim.text[own.start : own.end]
    return ""


def _side(text: str, number: Number) -> int:
    """1 for at least, -1 for at most, 0 for neither."""
    before = text[max(0, number.start - _LOOK_BACK) : number.start]
    if _MOST.search(before) or _MOST_BEHIND.match(text, number.end):
        return -1
    return 1 if _LEAST.search(before) or _LEAST_BEHIND.match(text, number.end) else 0
