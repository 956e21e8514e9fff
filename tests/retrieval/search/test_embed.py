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
        embedder = load(MINILM.title, models_folder, quiet)
        seen: list[int] = []
        embedder._model.register_forward_pre_hook(lambda module, given: seen.append(torch.get_num_threads()))
        embedder.queries(["When does the contract end?"])
        embedder.passages(["It ends in May."])
        assert seen == [1, 3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_lengths_are_told_without_a_second_tokenizer(embedder: SentenceEmbedder) -> None:
    tokenizer = embedder._model.tokenizer
    assert embedder._measure._tokenizer is tokenizer.backend_tokenizer, "a copy of a large vocabulary is 300 MB"
    alone = [min(embedder.window, len(tokenizer(text, truncation=False)["input_ids"])) for text in TEXTS]
    assert embedder._measure(TEXTS).tolist() == alone
    embedder.passages(TEXTS[:2]), embedder.queries(TEXTS[2:])
    assert embedder._measure(TEXTS).tolist() == alone


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


def test_starting_does_not_load_torch() -> None:
    code = "import sys, retrieval.library; print([m for m in ('torch', 'sentence_transformers', 'langdetect') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def copied(models_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(models_folder / MINILM.title, folder)
    return folder
