"""POST /v1/embeddings: the vectors by which documents are searched, for programs.

Follows https://platform.openai.com/docs/api-reference/embeddings. Embedders for search read a question in another way than what is to
be found: `input_type`, as Cohere, NVIDIA and Voyage have it, says which it is. Without it all are read as questions, which is how
the authors of E5 have texts compared with each other.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from chatbot.api.fields import Fields, Text
from chatbot.common.errors import AdapterNotFound, EngineUnavailable, InputError

MOST_INPUTS = 2048  # OpenAI's
Vectors = npt.NDArray[np.float32]


class Embeds(Protocol):
    """What is asked of `retrieval.search.embed.SentenceEmbedder`."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def window(self) -> int: ...
    def lengths(self, texts: Sequence[str]) -> list[int]: ...
    def passages(self, texts: Sequence[str]) -> Vectors: ...
    def queries(self, texts: Sequence[str]) -> Vectors: ...


Embedder = Callable[[], Embeds | None]
"""None: passages are found by words alone. Raises `BanyanError` while it is not there yet."""


class EmbeddingRequest(Fields):
    model: str | None = None
    input: Text | list[Text] = Field(min_length=1, max_length=MOST_INPUTS)
    input_type: Literal["query", "search_query", "passage", "document", "search_document"] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else list(self.input)

    @property
    def searched(self) -> bool:
        return self.input_type in ("passage", "document", "search_document")


def embedded(asked: EmbeddingRequest, embedder: Embeds | None) -> dict[str, Any]:
    """The body of the answer. Raises `InputError` for what the embedder would cut off, `AdapterNotFound` for another's name."""
    if embedder is None:
        raise EngineUnavailable("There is no embedder here: documents are searched by their words alone.")
    lengths = _check(asked, embedder)
    vectors = embedder.passages(asked.texts) if asked.searched else embedder.queries(asked.texts)
    write = _base64 if asked.encoding_format == "base64" else _floats
    return {
        "object": "list",
        "model": embedder.name,
        "data": [
            {"object": "embedding", "index": place, "embedding": write(vector)} for place, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": sum(lengths), "total_tokens": sum(lengths)},
    }


def _check(asked: EmbeddingRequest, embedder: Embeds) -> list[int]:
    if asked.model not in (None, embedder.name):
        raise AdapterNotFound(f"The embedder here is “{embedder.name}”.", name=asked.model, param="model")
    if asked.dimensions not in (None, embedder.dimension):
        raise InputError(f"Its vectors have {embedder.dimension} dimensions, no others.", param="dimensions")
    lengths = embedder.lengths(asked.texts)
    for place, (text, length) in enumerate(zip(asked.texts, lengths, strict=True)):
        if not text.strip():
            raise InputError("There is nothing to embed.", param=f"input.{place}")
        if length > embedder.window:
            raise InputError(
                f"Text {place} has {length} tokens; the embedder reads {embedder.window}. Please split it.",
                param=f"input.{place}",
            )
    return lengths


def _base64(vector: Vectors) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _floats(vector: Vectors) -> list[float]:
    return [float(value) for value in vector]
