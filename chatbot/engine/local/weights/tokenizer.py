"""The tokenizer that a GGUF file describes, as transformers' fast one."""

from collections.abc import Mapping
from typing import Any

from chatbot.common.errors import ModelError
from chatbot.engine.gguf.architectures import LAYOUTS
from chatbot.engine.text.template import CHATML

CONTROL, USER_DEFINED = 3, 4  # token types of the GGUF specification
_SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
_WORDS = (  # llama.cpp's, in src/llama-vocab.cpp: one that has {} for how many digits stand together
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS = {"qwen2": _WORDS % "", "llama-bpe": _WORDS % "{1,3}"}
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
"""Control tokens by which llama.cpp ends an answer whatever the file calls its end."""


def tokenizer_of(fields: Mapping[str, Any]) -> Any:
    """The byte-level BPE tokenizer that GGUF metadata describe, as llama.cpp reads them. Raises `ModelError`.

    Built here, because transformers' own conversion takes every such tokenizer for GPT-2's: it drops SmolLM's rule that
    each digit stands alone, and "2024" becomes tokens the model has never seen. Text is not normalised first (Qwen's own
    tokenizer has NFC): llama.cpp does not, and an adapter must be trained on the tokens that it will be served.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    kind, layout = fields.get("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre", "default")
    if kind != "gpt2" or layout not in LAYOUTS:
        raise ModelError(
            f"Tokenizers of the kind {kind}/{layout} cannot be converted. Please use the safetensors model.",
            kind="tokenizer_kind",
            type=f"{kind}/{layout}",
        )
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
    vocabulary = {token: at for at, token in enumerate(tokens)}
    backend = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=layout == "llama-bpe"))
    backend.pre_tokenizer = _cut(layout)
    backend.decoder = decoders.ByteLevel()
    for token, type_ in zip(tokens, fields["tokenizer.ggml.token_type"], strict=True):
        if type_ in (CONTROL, USER_DEFINED):
            backend.add_tokens([AddedToken(token, special=type_ == CONTROL, normalized=False)])
    special = {f"{ours}_token": _token(fields, theirs) for ours, theirs in _SPECIAL.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        chat_template=_template(fields),
        model_max_length=fields["context_length"],
        clean_up_tokenization_spaces=False,
        **{name: token for name, token in special.items() if token is not None},
    )


def ends_of(fields: Mapping[str, Any]) -> list[int]:
    """The tokens that end an answer: the file's own first, then those that llama.cpp knows by their text."""
    own = [fields.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    pairs = zip(fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"], strict=True)
    known = [at for at, (text, type_) in enumerate(pairs) if type_ == CONTROL and text in _ENDS]
    return list(dict.fromkeys(int(at) for at in (*own, *known) if at is not None))


def _cut(layout: str) -> Any:
    from tokenizers import Regex, pre_tokenizers

    if layout in _PATTERNS:
        split = pre_tokenizers.Split(Regex(_PATTERNS[layout]), behavior="isolated")
        return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = [pre_tokenizers.Digits(individual_digits=True)] if layout == "smollm" else []
    return pre_tokenizers.Sequence([*digits, bytes_])


def _template(fields: Mapping[str, Any]) -> str:
    """As llama.cpp's engine fills it in: ChatML where the file has none, the first token where the template leaves it out."""
    template, bos = str(fields.get("tokenizer.chat_template") or CHATML), _token(fields, "bos")
    if bos is None or not fields.get("tokenizer.ggml.add_bos_token", False):
        return template
    return template if "bos_token" in template or bos in template else "{{ bos_token }}" + template


def _token(fields: Mapping[str, Any], name: str) -> str | None:
    at = fields.get(f"tokenizer.ggml.{name}_token_id")
    return None if at is None else str(fields["tokenizer.ggml.tokens"][at])
