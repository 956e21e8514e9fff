"""Answers held to a JSON Schema: which tokens may come next, as llguidance tells it."""

import json
from functools import cached_property
from threading import Lock
from typing import Any

import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer

from chatbot.common.errors import EngineError
from chatbot.engine.text.schema import held


class Grammar:
    """Of one answer, token by token."""

    def __init__(self, matcher: LLMatcher) -> None:
        self._matcher = matcher

    def masked(self, logits: torch.Tensor) -> torch.Tensor:
        """Of (vocabulary,): minus infinity for what may not come next."""
        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8)
        return logits.masked_fill(allowed[: len(logits)].to(logits.device) == 0, -torch.inf)

    def take(self, token: int) -> None:
        """Raises `EngineError` for one that does not fit, which `masked` lets nobody choose."""
        if not self._matcher.consume_token(token):
            raise EngineError(
                f"The model could not answer: {self._matcher.get_error()}. Please try again.",
                kind="model_failed_because",
                reason=self._matcher.get_error(),
            )


class Grammars:
    """Makes them for one model; `eos` are the tokens that end an answer."""

    def __init__(self, tokenizer: Any, vocabulary: int, eos: frozenset[int]) -> None:
        self._hf, self._vocabulary, self._eos = tokenizer, vocabulary, eos
        self._lock = Lock()

    def of(self, schema: str) -> Grammar | None:
        """None for an answer that is free. Raises `InputError`."""
        if not schema:
            return None
        fitting = LLMatcher.grammar_from_json_schema(json.dumps(held(schema)))
        with self._lock:
            return Grammar(LLMatcher(self._tokenizer, fitting))

    @cached_property
    def _tokenizer(self) -> LLTokenizer:
        """Takes about a second, so it is made for the first who needs it."""
        return from_tokenizer(self._hf, n_vocab=self._vocabulary, eos_token=sorted(self._eos))
