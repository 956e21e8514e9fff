"""Tokens that a request names by their numbers."""

from collections.abc import Sequence

from chatbot.common.errors import InputError
from chatbot.types import Prompt, Sampling


def check_bias(sampling: Sampling, vocabulary: int) -> None:
    """Raises `InputError` for a number that is no token of the model's: engines pass over it or fail at it."""
    _check([token for token, _ in sampling.logit_bias], vocabulary, "logit_bias")


def check_tokens(prompt: Prompt, vocabulary: int) -> None:
    """Raises `InputError` for a prompt of nothing, or of what is no token of the model's."""
    if not prompt.text and not prompt.tokens:
        raise InputError("The prompt is empty.", kind="no_message", param="prompt")
    _check(prompt.tokens, vocabulary, "prompt")


def _check(tokens: Sequence[int], vocabulary: int, param: str) -> None:
    for token in tokens:
        if not 0 <= token < vocabulary:
            raise InputError(
                f"{param} names token {token}, but the model has tokens 0 to {vocabulary - 1} only.",
                kind="unknown_token",
                token=token,
                last=vocabulary - 1,
                param=param,
            )
