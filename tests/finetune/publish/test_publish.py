"""What is published, what is refused, and what leaves the house."""

import errno
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from chatbot.common import disk
from chatbot.common.errors import AdapterError, HubUnavailable, InputError, StoreFull
from chatbot.common.fingerprint import fingerprint_model
from chatbot.engine.adapters.folders import check
from finetune.jobs.folder import JobFolder
from finetune.publish import card
from finetune.publish.publish import OWNER, Acceptance, check_name, pack, publish, push, share
from tests.finetune.jobs_for_tests import make_job, spec
from tests.tiny import make_adapter, make_model

GOOD = Acceptance(finite=True, norm=1.0, logit_gap=0.0, change=0.5, tolerance=1e-3)
VERDICT: dict[str, Any] = {
    "sentence": "Better: it is.",
    "scores": [{"name": "loss", "before": 2.0, "after": 1.0, "low": -1.2, "high": -0.8, "rows": 8}],
    "examples": [{"row": 1, "prompt": "a\n```", "reference": "b", "before": "c", "after": "d"}],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"), "llama")


@pytest.fixture
def job(tmp_path: Path, model: Path) -> JobFolder:
    made = make_job(tmp_path, model, spec())
    make_adapter(model, made.adapter)
    return made


def test_a_published_adapter_has_its_card_and_passes_the_check(job: JobFolder, tmp_path: Path) -> None:
    name = publish(job, GOOD, VERDICT)
    found = check(tmp_path / "adapters" / name)
    assert (found.name, found.base, found.task, found.verdict) == ("trunks", "tiny-llama", "chat", "Better: it is.")
    card = json.loads((tmp_path / "adapters" / name / "banyan.json").read_text("utf-8"))
    assert card["data"]["rows"] == 48
    assert len(card["data"]["sha256"]) == 64
    assert card["spec"] == job.spec().to_dict()
    assert card["base_fingerprint"] == "f00d"
    assert card["versions"]["peft"] != "absent"
    readme = (tmp_path / "adapters" / name / "README.md").read_text("utf-8")
    assert readme.startswith("---\nlibrary_name: ")
    assert "| loss | 2.0000 | 1.0000 | -1.2000 to -0.8000 | 8 |" in readme


def test_the_name_of_another_is_not_taken_away(job: JobFolder, tmp_path: Path, model: Path) -> None:
    other = make_job(tmp_path, model, spec(), owner="bob")
    make_adapter(model, other.adapter, seed=9)
    assert publish(job, GOOD, VERDICT) == "trunks"
    assert publish(other, GOOD, VERDICT) == f"trunks-{other.id[:8]}"
    assert publish(job, GOOD, VERDICT) == "trunks", "the same job again takes its own place"
    assert json.loads((tmp_path / "adapters" / "trunks" / "owner.json").read_text())["owner"] == "ada"
    assert sorted(path.name for path in (tmp_path / "adapters").iterdir()) == ["trunks", f"trunks-{other.id[:8]}"]


def test_published_again_on_a_full_disk_the_first_stays(
    job: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish(job, GOOD, VERDICT)
    before = {path.name: path.read_bytes() for path in (tmp_path / "adapters" / name).iterdir()}

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(StoreFull, match="resume the job"):
        patched.setattr(disk, "sync", full)
        publish(job, GOOD, {"sentence": "Worse."})
    assert {path.name: path.read_bytes() for path in (tmp_path / "adapters" / name).iterdir()} == before
    assert publish(job, GOOD, {"sentence": "No change."}) == name
    assert [path.name for path in (tmp_path / "adapters").iterdir()] == [name]
    assert "No change." in (tmp_path / "adapters" / name / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("acceptance", "reason"),
    [
        (Acceptance(False, 1.0, 0.0, 0.5, 1e-3), "not finite"),
        (Acceptance(True, 0.0, 0.0, 0.5, 1e-3), "is zero"),
        (Acceptance(True, 1.0, 0.0, 0.0, 1e-3), "changes no output"),
        (Acceptance(True, 1.0, 0.1, 0.5, 1e-3), "does not compute what was trained"),
    ],
)
def test_what_was_not_accepted_is_not_published(
    job: JobFolder, tmp_path: Path, acceptance: Acceptance, reason: str
) -> None:
    with pytest.raises(AdapterError, match=reason):
        publish(job, acceptance, VERDICT)
    assert not (tmp_path / "adapters").exists()


def test_acceptance_sees_files_that_are_not_what_was_trained(model: Path, tmp_path: Path) -> None:
    """The saved file is damaged in the ways that have happened to others: zeros, NaN, other numbers."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from finetune.data.encoding.masks import Encoded
    from finetune.train.verdict import accept

    folder = make_adapter(model, tmp_path / "adapter")
    trained = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), str(folder))
    rows = [Encoded([5, 6, 7, 8, 9], [-100, -100, 7, 8, 9])]
    accept(trained, folder, rows).require()
    whole = load_file(folder / "adapter_model.safetensors")
    for change, reason in ((0.0, "is zero"), (np.nan, "not finite"), (0.5, "does not compute")):
        save_file(
            {name: (t * np.float32(change) if "lora_B" in name else t) for name, t in whole.items()},
            folder / "adapter_model.safetensors",
        )
        with pytest.raises(AdapterError, match=reason):
            accept(trained, folder, rows).require()


def test_the_zip_holds_the_adapter_and_nothing_about_its_owner(job: JobFolder, tmp_path: Path) -> None:
    name = publish(job, GOOD, VERDICT)
    path = pack(tmp_path / "adapters" / name, tmp_path / "a.zip")
    with zipfile.ZipFile(path) as archive:
        names = {Path(entry).name for entry in archive.namelist()}
        text = b"".join(archive.read(entry) for entry in archive.namelist() if not entry.endswith(".safetensors"))
    assert names == {"adapter_config.json", "adapter_model.safetensors", "README.md", "banyan.json"}
    assert b"ada" not in text.replace(b"adapter", b"").replace(b"adamw", b"").replace(b"readable", b"")
    assert str(tmp_path).encode() not in text


def test_a_token_is_in_no_message(job: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    name = publish(job, GOOD, VERDICT)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises((HubUnavailable, InputError)) as caught:
        push(tmp_path / "adapters" / name, "no/such/name at all", "hf_verysecret")
    assert "hf_verysecret" not in str(caught.value) + caplog.text


def test_an_adapter_is_shared_by_the_job_that_published_it_and_no_other(tmp_path: Path) -> None:
    kept = {"owner": "ada", "job": "first", "shared": False}
    (tmp_path / OWNER).write_text(json.dumps(kept), "utf-8")
    share(tmp_path, "second", True)
    assert json.loads((tmp_path / OWNER).read_text("utf-8")) == kept
    share(tmp_path, "first", True)
    assert json.loads((tmp_path / OWNER).read_text("utf-8")) == kept | {"shared": True}


def test_what_is_pushed_to_the_hub_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []

    class Hub:
        def __init__(self, token: str) -> None:
            self.token = token

        def create_repo(self, repository: str, *, private: bool, exist_ok: bool) -> str:
            made.append(private)
            return f"https://hub.example/{repository}"

        def upload_folder(self, **_: object) -> None:
            pass

    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    assert push(tmp_path, "ada/oak", "hf_token") == "https://hub.example/ada/oak"
    assert made == [True]


def test_names() -> None:
    assert check_name("Mein_Bot-2.1") == "Mein_Bot-2.1"
    with pytest.raises(InputError):
        check_name("..")


def test_fingerprints_tell_models_apart(model: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", "qwen3")
    assert fingerprint_model(model) == fingerprint_model(model) != fingerprint_model(other)


def test_merged_weights_compute_what_the_adapter_does(model: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from finetune.train.merge import merge

    folder = make_adapter(model, tmp_path / "adapter")
    merged = AutoModelForCausalLM.from_pretrained(merge(folder, model, tmp_path / "merged"))
    expected = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), str(folder))
    ids = torch.tensor([[5, 6, 7, 8]])
    torch.testing.assert_close(merged(ids).logits, expected(ids).logits, rtol=1e-3, atol=1e-3)
    assert (tmp_path / "merged" / "tokenizer.json").is_file()


def test_a_card_names_a_file_once_however_often_its_recipe_asks_it() -> None:
    asked = {"file": "pairs.jsonl", "source": "Tatoeba", "licence": "CC BY 2.0 FR"}
    told = card._sources({"name": "translate", "data": [asked, asked, asked | {"licence": "CC0"}]})
    assert told.count("- `pairs.jsonl`") == 2
