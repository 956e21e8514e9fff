"""Frozen weights in 4 or 8 bits, by bitsandbytes: the same for serving and for training, so that an adapter meets the weights
it learnt on."""

import importlib.util
import logging
from typing import Any

KINDS = ("nf4", "int8")


def is_installed() -> bool:
    return importlib.util.find_spec("bitsandbytes") is not None


def config(kind: str, compute: Any) -> Any:
    """A `BitsAndBytesConfig` of one of `KINDS`; what is multiplied is of the torch dtype `compute` (nf4)
    or float16 (int8).

    int8 is row by row, without LLM.int8()'s columns of outliers (arXiv:2208.07339, threshold 0): those are sought over
    all rows of a batch, and an answer would depend on whose requests are computed beside it. What is left is rounding: in
    a batch a text may still take another turn where two words are about as likely (figures in tests/bench/README.md).
    """
    from transformers import BitsAndBytesConfig

    # else each layer says at each step that it multiplies in float16
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    if kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=0.0)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    )
