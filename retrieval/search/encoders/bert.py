"""BERT and (XLM-)RoBERTa out of a sentence-transformers folder, computed by onnxruntime in float32.

Devlin et al., 2018, arXiv:1810.04805. No torch: its import takes longer than loading the model, and a question that goes
through one call of a library waits for no other thread of Python. A run keeps to the thread that asks for it, so batches of
passages go beside each other on as many threads as there are cores.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chatbot.common.system.processes import cores
from retrieval.search.encoders.base import States, normalised
from retrieval.search.encoders.weights import WORDS, Weights

BUDGET = 1024
"""Tokens of a batch: from 256 to 2048 equally fast; beyond, the activations fall out of the cache."""
_KINDS = ("bert", "roberta", "xlm-roberta")
_STEPS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


@dataclass(frozen=True, slots=True)
class Bert:
    """What the files of a folder say. `folder` is the transformer's own within it; `first` the position of a text's first token."""

    folder: Path
    config: Mapping[str, Any]
    window: int
    first: int
    pooling: Literal["cls", "mean"]
    prompts: Mapping[str, str]
    default: str | None

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"


def described(folder: Path) -> Bert | None:
    """The model in the folder; None where it is of another kind, or its files say something that is not done here."""
    modules = _json(folder / "modules.json") or [{"type": "Transformer", "path": ""}, {"type": "Pooling", "path": ""}]
    places = [folder / str(step.get("path", "")) for step in modules]
    if [str(step.get("type")).rpartition(".")[2] for step in modules] not in _STEPS:
        return None
    own, config = _json(places[0] / "sentence_bert_config.json"), _json(places[0] / "config.json")
    pooling = _pooling(_json(places[1] / "config.json") if places[1] != folder else {})
    if not pooling or own.get("do_lower_case") or not _is_plain(config) or not _is_readable(places[0]):
        return None
    spoken = _json(folder / "config_sentence_transformers.json")
    first = (
        0 if config["model_type"] == "bert" else int(config["pad_token_id"]) + 1
    )  # RoBERTa counts from behind the padding
    room = int(config["max_position_embeddings"]) - first
    stated = own.get("max_seq_length") or _json(places[0] / "tokenizer_config.json").get("model_max_length") or room
    return Bert(
        places[0],
        config,
        min(room, int(stated)),
        first,
        pooling,
        spoken.get("prompts") or {},
        spoken.get("default_prompt_name"),
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _pooling(config: Mapping[str, Any]) -> Literal["cls", "mean"] | None:
    """Named by one word, or by a flag for each way."""
    flags = [name for name, on in config.items() if name.startswith("pooling_mode_") and on is True]
    said = config.get("pooling_mode", flags[0] if len(flags) == 1 else "" if flags else "mean")
    if config.get("include_prompt", True) is not True:
        return None
    ways: dict[str, Literal["cls", "mean"]] = {"cls": "cls", "mean": "mean"}
    return ways.get(str(said).removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens"))


def _is_plain(config: Mapping[str, Any]) -> bool:
    return (
        config.get("model_type") in _KINDS
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
    )


def _is_readable(folder: Path) -> bool:
    weights = folder / "model.safetensors"
    return (folder / "tokenizer.json").is_file() and weights.is_file() and Weights(weights).readable


class BertEncoder:
    """See `Encoder`. Raises whatever a damaged file makes the libraries raise."""

    budget = BUDGET

    def __init__(self, bert: Bert) -> None:
        from tokenizers import Tokenizer

        from retrieval.search.encoders.graph import session

        self._bert, self.window, self.workers = bert, bert.window, cores()
        self.dimension = int(bert.config["hidden_size"])
        weights = Weights(bert.weights)
        self._words = weights.mapped(WORDS)
        self._places = weights["embeddings.position_embeddings.weight"][bert.first :]
        self._places = self._places + weights["embeddings.token_type_embeddings.weight"][0]
        self._session = session(weights, bert.config)
        self.tokenizer = Tokenizer.from_file(str(bert.folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.window)

    def settle(self, questions: Executor) -> None:
        """Nothing: a run keeps to its thread."""

    def prompt(self, *, question: bool) -> str:
        """As sentence-transformers chooses it in `encode_query` and `encode_document`."""
        names = ("query",) if question else ("document", "passage", "corpus")
        prompts = self._bert.prompts
        return next(filter(None, map(prompts.get, (*names, self._bert.default or ""))), "")

    def encode(self, texts: Sequence[str], *, question: bool) -> States:
        prompt = self.prompt(question=question)
        tokens = [self.tokenizer.encode(prompt + text).ids for text in texts]
        states = self._run(tokens)
        if self._bert.pooling == "cls":
            return normalised(states[:, 0])
        return normalised(np.stack([rows[: len(ids)].mean(0) for rows, ids in zip(states, tokens, strict=True)]))

    def states(self, text: str, *, question: bool) -> States:
        return normalised(self._run([self.tokenizer.encode(self.prompt(question=question) + text).ids])[0])

    def _run(self, tokens: Sequence[Sequence[int]]) -> States:
        """float32 [texts, tokens of the longest, dimension] for the numbers of each text's tokens; any, behind its end."""
        lengths = np.array([len(ids) for ids in tokens], np.int32)
        padded = np.zeros((len(tokens), lengths.max()), np.int64)
        for row, ids in zip(padded, tokens, strict=True):
            row[: len(ids)] = ids
        embedded = self._words[padded].astype(np.float32) + self._places[: padded.shape[1]]
        states: States = self._session.run(None, {"embedded": embedded, "lengths": lengths})[0]
        return states
