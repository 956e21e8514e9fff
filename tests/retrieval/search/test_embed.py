"""A real embedder, the small English one: its files, its vectors, its prompts, its refusals."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from chatbot.common.errors import ModelDamaged, ModelNotFound, Stopped
from chatbot.common.step import Step
from chatbot.common.wheels import MINILM
from retrieval.search.embed import SentenceEmbedder, load
from retrieval.search.encoders.bert import BertEncoder, described
from retrieval.search.encoders.sentence import opened

pytestmark = pytest.mark.slow

TEXTS = [
    "A banyan is one tree with many trunks.",
    "The quarterly report shows net sales of 81.8 billion dollars. " * 40,  # longer than the model reads
    "",
    "短い文",
    *(f"Sentence number {n} is about {'trees' if n % 2 else 'money'}." for n in range(30)),
]


def quiet(step: Step, fraction: float | None) -> None:
    pass


@pytest.fixture(scope="module")
def embedder(models_folder: Path) -> SentenceEmbedder:
    return load(MINILM.title, models_folder, quiet)


def test_vectors_are_those_of_sentence_transformers(embedder: SentenceEmbedder, models_folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(models_folder / MINILM.title), device="cpu").encode(TEXTS, show_progress_bar=False)
    vectors = embedder.passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors * plain).sum(1).min() > 0.999  # bfloat16 where the processor has it


def test_meaning_is_found(embedder: SentenceEmbedder) -> None:
    passages = embedder.passages(["The cat sat on the mat.", "Revenue rose by ten percent.", "It rained all week."])
    scores = passages @ embedder.queries(["How did the company's income develop?"])[0]
    assert scores.argmax() == 1
    assert embedder.queries([]).shape == (0, 384)
    assert embedder.passages([]).shape == (0, 384)


def test_questions_keep_to_one_core_and_nothing_else_does(models_folder: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        encoder = opened(models_folder / MINILM.title, "cpu")
        embedder = SentenceEmbedder(encoder, "by torch", "", None)
        seen: list[int] = []
        encoder._model.register_forward_pre_hook(lambda module, given: seen.append(torch.get_num_threads()))
        embedder.queries(["When does the contract end?"])
        embedder.passages(["It ends in May."])
        assert seen == [1, 3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_lengths_are_those_of_the_models_own_tokenizer(embedder: SentenceEmbedder, models_folder: Path) -> None:
    by_torch = SentenceEmbedder(opened(models_folder / MINILM.title, "cpu"), "by torch", "", None)
    tokenizer = by_torch._encoder._model.tokenizer  # type: ignore[attr-defined]
    assert by_torch._encoder.tokenizer is tokenizer.backend_tokenizer, "a copy of a large vocabulary is 300 MB"
    whole = [len(tokenizer(text, truncation=False)["input_ids"]) for text in TEXTS]
    for each in (embedder, by_torch):
        for _ in range(2):
            assert [min(each.window, length) for length in each.lengths(TEXTS)] == [min(each.window, n) for n in whole]
            each.passages(TEXTS[:2]), each.queries(TEXTS[2:])


def test_states_of_tokens_are_those_of_sentence_transformers(embedder: SentenceEmbedder, models_folder: Path) -> None:
    by_torch = SentenceEmbedder(opened(models_folder / MINILM.title, "cpu"), "by torch", "", None)
    for ours, theirs in zip(embedder.tokens(TEXTS[:4]), by_torch.tokens(TEXTS[:4]), strict=True):
        assert ours.spans == theirs.spans
        assert ours.states.shape == theirs.states.shape == (len(ours.spans), 384)
        assert (ours.states * theirs.states).sum(1).min(initial=1) > 0.999  # bfloat16 where the processor has it


def test_progress_and_stop(embedder: SentenceEmbedder) -> None:
    seen: list[tuple[int, int]] = []
    embedder.passages(TEXTS * 3, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(TEXTS) * 3, len(TEXTS) * 3)
    assert len(seen) > 2

    stop = Event()
    with pytest.raises(Stopped):
        embedder.passages(TEXTS * 3, progress=lambda done, total: stop.set(), stop=stop)


def test_many_threads_at_once_get_the_vectors_each_would_get_alone(embedder: SentenceEmbedder) -> None:
    alone = embedder.passages(TEXTS), embedder.queries(TEXTS[:3])
    with ThreadPoolExecutor(6) as pool:
        passages = [pool.submit(embedder.passages, TEXTS) for _ in range(3)]
        queries = [pool.submit(embedder.queries, TEXTS[:3]) for _ in range(12)]
        for future in passages:
            assert (future.result() * alone[0]).sum(1).min() > 0.9999
        for future in queries:
            assert (future.result() * alone[1]).sum(1).min() > 0.9999


def test_languages_and_fingerprint_come_from_the_files(
    embedder: SentenceEmbedder, tmp_path: Path, models_folder: Path
) -> None:
    assert embedder.languages == frozenset({"en"})
    folder = copied(models_folder, tmp_path)
    assert load(str(folder), models_folder, quiet).fingerprint == embedder.fingerprint

    (folder / "README.md").write_text("---\nlanguage:\n- multilingual\n- de\n---\n# A card")
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "query: "}}))
    other = load(str(folder), models_folder, quiet)
    assert other.languages is None
    assert other.fingerprint != embedder.fingerprint


def test_the_models_own_prompts_are_used(embedder: SentenceEmbedder, tmp_path: Path, models_folder: Path) -> None:
    folder = copied(models_folder, tmp_path)
    prompts = {"query": "the question asked: ", "passage": "a paragraph about: "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    prompted = load(str(folder), models_folder, quiet)
    text = "banyan trees"
    assert prompted.queries([text])[0] == pytest.approx(embedder.queries([prompts["query"] + text])[0], abs=1e-2)
    assert prompted.passages([text])[0] == pytest.approx(embedder.passages([prompts["passage"] + text])[0], abs=1e-2)
    assert (prompted.queries([text])[0] @ embedder.queries([text])[0]) < 0.99


def test_code_and_pickles_that_come_with_a_model_are_not_run(tmp_path: Path, models_folder: Path) -> None:
    folder = copied(models_folder, tmp_path)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Module: pass\n")
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]))
    with pytest.raises(ModelDamaged, match="cannot be loaded"):
        load(str(folder), models_folder, quiet)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelNotFound, match="safetensors"):
        load(str(folder), models_folder, quiet)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("reference", ["nowhere", "/no/such/folder", "a/b/c", "", "owner/na me", "../x"])
def test_what_is_no_reference_is_refused(
    reference: str, models_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFound):
        load(reference, models_folder, quiet)


def test_neither_starting_nor_embedding_loads_torch(models_folder: Path) -> None:
    code = (
        "import sys, pathlib, retrieval.library; from retrieval.search.embed import load\n"
        "found = lambda: [m for m in ('torch', 'transformers', 'sentence_transformers', 'langdetect') if m in sys.modules]\n"
        f"before = found(); load({MINILM.title!r}, pathlib.Path({str(models_folder)!r}), print).passages(['A banyan.'])\n"
        "print(before, found())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1] == "[] []"


def tiny(folder: Path, kind: str, pooling: str) -> Path:
    """A model of twelve words with weights by chance, as sentence-transformers saves it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    words = ["<pad>", "<unk>", "<s>", "</s>", "the", "banyan", "tree", "has", "many", "trunks", "and", "roots"]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=20, **names).save_pretrained(folder / "plain")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    more = {"vocab_size": 12, "max_position_embeddings": 24, "pad_token_id": 0, "initializer_range": 0.4}
    AutoModel.from_config(AutoConfig.for_model(kind, **sizes, **more)).save_pretrained(folder / "plain")
    steps = [Transformer(str(folder / "plain")), Pooling(32, pooling)]
    SentenceTransformer(modules=steps, device="cpu").save(str(folder / "whole"))
    return folder / "whole"


@pytest.mark.parametrize(("kind", "pooling"), [("bert", "mean"), ("roberta", "cls"), ("xlm-roberta", "mean")])
def test_every_kind_that_is_computed_here_has_the_vectors_of_sentence_transformers(
    kind: str, pooling: str, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = tiny(tmp_path, kind, pooling)
    texts = ["the banyan tree", "many roots and many trunks", "a", "", "banyan " * 60]
    ours = load(str(folder), tmp_path, quiet, device="cpu")
    assert isinstance(ours._encoder, BertEncoder)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert ours.passages(texts) == pytest.approx(theirs, abs=1e-4)
    assert (theirs @ theirs.T).min() < 0.99, "texts that are told apart"


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "mpnet"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"include_prompt": False}),
    ],
)
def test_what_is_computed_otherwise_is_left_to_sentence_transformers(
    file: str, change: dict[str, object], tmp_path: Path, models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(models_folder, tmp_path)
    assert described(folder)
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | change))
    assert described(folder) is None
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelNotFound, match=r'needs torch .* pip install "\.\[train\]"'):
        load(str(folder), models_folder, quiet)


def test_weights_that_numpy_has_no_numbers_for_are_left_to_it(tmp_path: Path, models_folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied(models_folder, tmp_path)
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor.bfloat16() for name, tensor in weights.items()}, folder / "model.safetensors")
    assert described(folder) is None
    assert load(str(folder), models_folder, quiet).queries(["a banyan"]).shape == (1, 384)


def copied(models_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(models_folder / MINILM.title, folder)
    return folder
