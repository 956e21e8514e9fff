"""The embedder that can be had: the one that was asked for, else the one of the version before, else none."""

import logging
from pathlib import Path

from chatbot.common.errors import HubUnavailable, ModelDamaged
from chatbot.common.step import Progress
from chatbot.common.wheels import MINILM
from retrieval.search.embed import SentenceEmbedder, load
from retrieval.search.embedder_files import DEFAULT

log = logging.getLogger(__name__)


def available(reference: str, models: Path, progress: Progress) -> SentenceEmbedder | None:
    """As `load`; None where the network to fetch it is missing: passages are then found by their words.

    all-MiniLM-L6-v2 stands in for the default alone, and not for what somebody chose. It was the default before, so where a
    machine has no network a library goes on with the vectors it has, and English is found as well as it was.
    """
    try:
        return load(reference, models, progress)
    except HubUnavailable as error:
        if reference != DEFAULT:
            log.warning("Documents are found by their words alone, for now: %s", error)
            return None
        cause: Exception = error
    except ModelDamaged as error:
        if reference != DEFAULT:
            raise
        cause = error
    log.warning("%s stands in for the embedder for now, and knows English only: %s", MINILM.title, cause)
    return available(MINILM.title, models, progress)
