"""Questions of two parts that ask for things of two types: who planted it, and when?"""

import re

from retrieval.checks.asked.types import answers, asked_type

_JOINT = re.compile(
    r"\band (?=(?:in |at |on |for |by |to |with )?(?:who|when|where|why|how|what|which)\b)|[?？;；，、]|以及|并且|还有|和",
    re.IGNORECASE,
)
"""Where a part may end. A comma ends none in English: "Tom, who lives in Rome" asks for nobody."""


def left_out(question: str, sentence: str) -> list[str]:
    """The parts of the question that a true sentence does not answer; none where the question asks for things of one type."""
    typed = {kind: part for part in _JOINT.split(question) if (kind := asked_type(part)) != "any"}
    return [] if len(typed) < 2 else [part for part in typed.values() if not answers(part, sentence)]
