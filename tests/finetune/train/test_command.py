"""The training child's arithmetic and endings, on tiny real models."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file

from chatbot.common import quantized
from chatbot.common.errors import InputError
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Base
from finetune.train.arithmetic import attention, fused
from finetune.train.arithmetic import packed as train_packed
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.command import run
from finetune.train.faults import explain
from finetune.train.model import load, lora
from tests.finetune.jobs_for_tests import ROWS, make_job, spec
from tests.tiny import make_model

pytestmark = pytest.mark.slow

BATCH: list[dict[str, Any]] = [
    {"input_ids": [5, 6, 7, 8, 9, 10], "labels": [-100, -100, 7, 8, 9, 10]},
    {"input_ids": [11, 12, 13], "labels": [-100, 12, 13]},
    {"input_ids": [20, 21, 22, 23, 24, 25, 26, 27], "labels": [-100, -100, -100, -100, 24, 25, -100, 27]},
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {name: make_model(folder / name, name) for name in ("llama", "qwen2", "qwen3", "gemma")}


def trainable(folder: Path) -> Any:
    from peft import get_peft_model

    torch.manual_seed(1)
    model = get_peft_model(load(Base(str(folder)), spec()).model, lora(spec()))
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # else every gradient of A is zero
            torch.nn.init.normal_(weight, std=0.1)
    return model


def reference(folder: Path, rows: list[dict[str, Any]] = BATCH) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Loss of each row and gradients as transformers computes them: one row at a time, all logits."""
    ours = trainable(folder)
    losses = []
    with attention.masked(ours):
        for row in rows:
            out = ours(input_ids=torch.tensor([row["input_ids"]]), labels=torch.tensor([row["labels"]]))
            loss = out.loss * sum(label != -100 for label in row["labels"][1:])
            loss.backward()
            losses.append(loss.item())
    return losses, gradients(ours)


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma"])
@pytest.mark.parametrize("fast", [False, True])
def test_rows_end_to_end_have_the_losses_and_gradients_of_rows_alone(
    models: dict[str, Path], architecture: str, fast: bool
) -> None:
    expected, wanted = reference(models[architecture])
    model = trainable(models[architecture])
    batch = train_packed.collate(BATCH)
    assert train_packed.loss_sum(model, batch, rows=True).tolist() == pytest.approx(expected, rel=1e-4)
    model.zero_grad()
    layers = 0
    if fast:
        with fused.fused(model, bf16=False) as layers:
            for piece in train_packed.pieces(batch, 9, share=False):
                train_packed.loss_sum(model, piece, rows=False).backward()
            adapted = [module for module in model.modules() if isinstance(module, LoraLayer)]
            assert all("forward" in vars(module) for module in adapted), "with biases too"
        assert layers > len(adapted) >= 14
    else:
        train_packed.loss_sum(model, batch, rows=False).backward()
    found = gradients(model)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-4 * float(gradient.abs().max()))


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma"])
@pytest.mark.parametrize("most", [200, 30])
def test_what_rows_begin_with_is_computed_once_with_the_losses_and_gradients_of_whole_rows(
    models: dict[str, Path], architecture: str, most: int
) -> None:
    instruction = list(range(30, 46))
    rows = [
        {"input_ids": instruction + row["input_ids"], "labels": [-100] * len(instruction) + row["labels"]}
        for row in [*BATCH, {"input_ids": [46, 47, 48], "labels": [-100, 47, 48]}]
    ]
    expected, wanted = reference(models[architecture], rows)
    model = trainable(models[architecture])
    rowwise = attention.uses_rows(model)
    assert SideBySide(model, most).row_losses(model, rows) == pytest.approx(expected, rel=1e-4)
    pieces = list(train_packed.pieces(train_packed.collate(rows), most, share=rowwise))
    assert rowwise is (architecture != "gemma")
    if most == 200 and rowwise:
        assert [piece["input_ids"].numel() for piece in pieces] == [16 + 6 + 3 + 8 + 3]
    for piece in pieces:
        train_packed.loss_sum(model, piece, rows=False).backward()
    found = gradients(model)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-4 * float(gradient.abs().max()))


def test_the_last_layer_computes_only_what_the_loss_reads(models: dict[str, Path]) -> None:
    model = trainable(models["llama"])
    layers = model.get_base_model().get_decoder().layers
    seen: dict[int, int] = {}
    for number in (0, len(layers) - 1):
        norm = layers[number].post_attention_layernorm
        norm.register_forward_pre_hook(lambda _, args, number=number: seen.update({number: args[0].shape[1]}))
    with fused.fused(model, bf16=False):
        train_packed.loss_sum(model, train_packed.collate(BATCH), rows=False)
        assert seen == {0: 17, len(layers) - 1: 4 + 2 + 3}
    train_packed.loss_sum(model, train_packed.collate(BATCH), rows=False)
    assert set(seen.values()) == {17}


def test_a_common_beginning_ends_before_what_foretells_a_label() -> None:
    same = list(range(1, 20))
    rows = [{"input_ids": [*same, n], "labels": [*[-100] * 12, *same[12:], n]} for n in (50, 51)]
    (piece,) = train_packed.pieces(train_packed.collate(rows), 100, share=True)
    assert train_packed.row_bounds(piece["position_ids"]) == [11, 20, 29]
    assert (piece["labels"] != -100).sum() == 2 * 8


def test_questions_about_the_same_text_stay_together_and_their_text_is_computed_once(models: dict[str, Path]) -> None:
    texts = [list(range(1, 25)), list(range(25, 49))]
    rows = [
        {"input_ids": [*text, *own], "labels": [-100] * len(text) + [-100, own[1]]}
        for own in ([60, 61], [62, 63], [64, 65])
        for text in texts
    ]
    groups = train_packed.pack(rows, 32)
    assert groups == [[0, 2, 4], [1, 3, 5]]
    packed = {
        "input_ids": [id for group in groups for at in group for id in rows[at]["input_ids"]],
        "labels": [label for group in groups for at in group for label in rows[at]["labels"]],
        "lengths": [26] * 6,
    }
    pieces = list(train_packed.pieces(train_packed.collate([packed]), 40, share=True))
    assert [piece["input_ids"].numel() for piece in pieces] == [24 + 6, 24 + 6]
    model = trainable(models["llama"])
    expected, wanted = reference(models["llama"], rows)
    for piece in pieces:
        train_packed.loss_sum(model, piece, rows=False).backward()
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=1e-4 * float(wanted[name].abs().max()))
    assert sum(SideBySide(model, 40).row_losses(model, rows)) == pytest.approx(sum(expected), rel=1e-4)


def test_bfloat16_leaves_the_loss_almost_what_it_is_and_gradients_point_the_same_way(models: dict[str, Path]) -> None:
    expected, wanted = reference(models["llama"])
    model = trainable(models["llama"])
    with fused.fused(model, bf16=True):
        loss = train_packed.loss_sum(model, train_packed.collate(BATCH), rows=False)
        loss.backward()
    assert float(loss.detach()) == pytest.approx(sum(expected), rel=3e-3)
    found = torch.cat([gradient.flatten() for _, gradient in sorted(gradients(model).items())])
    exact = torch.cat([gradient.flatten() for _, gradient in sorted(wanted.items())])
    assert float(torch.cosine_similarity(found, exact, dim=0)) > 0.999


@pytest.mark.parametrize(
    ("flags", "precision", "used"),
    [
        ("fpu avx2 avx512_bf16 sse", "auto", True),
        ("fpu avx2 amx_bf16", "bf16", True),
        ("fpu avx2 amx_bf16", "fp32", False),
        ("fpu avx2 avx512f", "auto", False),
        ("fpu avx2 avx512f", "bf16", None),
    ],
)
def test_bfloat16_is_used_by_itself_where_it_is_native_and_refused_where_it_is_slow(
    flags: str,
    precision: str,
    used: bool | None,
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n")
    found = fused.has_native_bf16(told)
    assert found == ("bf16" in flags)
    monkeypatch.setattr(fused, "has_native_bf16", lambda: found)
    if used is None:
        with pytest.raises(InputError) as refused:
            load(Base(str(models["llama"])), spec(precision=precision))
        assert refused.value.kind == "slow_bf16"
    else:
        assert fused.uses_bf16(precision) is used
        assert not load(Base(str(models["llama"])), spec(precision=precision)).bf16  # the sums stay exact


def test_pieces_hold_the_budget_and_every_row_once() -> None:
    rows = [{"input_ids": [n] * size, "labels": [n] * size} for n, size in enumerate((3, 9, 4, 30, 1, 2, 8))]
    parts = list(train_packed.pieces(train_packed.collate(rows), 12, share=False))
    assert torch.cat([part["input_ids"] for part in parts], 1).tolist()[0] == [
        n for row in rows for n in row["input_ids"]
    ]
    for part in parts:
        sizes = train_packed.row_bounds(part["position_ids"])
        assert part["input_ids"].shape[1] <= 12 or len(sizes) == 2


def test_packed_rows_are_full_and_teach_what_their_rows_teach(models: dict[str, Path]) -> None:
    sizes = [5, 30, 12, 7, 18, 3, 25]
    groups = train_packed.pack([{"input_ids": [n] * size, "labels": [n] * size} for n, size in enumerate(sizes)], 32)
    assert sorted(at for group in groups for at in group) == list(range(len(sizes)))
    assert [sum(sizes[at] for at in group) for group in groups] == [8, 30, 30, 32]
    whole = {
        "input_ids": [id for row in BATCH for id in row["input_ids"]],
        "labels": [label for row in BATCH for label in row["labels"]],
        "lengths": [len(row["input_ids"]) for row in BATCH],
    }
    apart, packed = train_packed.collate(BATCH), train_packed.collate([whole])
    assert all(torch.equal(apart[name], packed[name]) for name in apart)


def test_packing_takes_fewer_updates_for_the_same_rows(tmp_path: Path, models: dict[str, Path]) -> None:
    plain = make_job(tmp_path / "a", models["llama"], spec(epochs=1, steps=None, batch_size=1, evaluation_share=0))
    packed = make_job(
        tmp_path / "b",
        models["llama"],
        spec(epochs=1, steps=None, batch_size=1, evaluation_share=0, packing=True, max_length=512),
    )
    done = [run(job, device="cpu") for job in (plain, packed)]
    assert [result.state for result in done] == ["succeeded"] * 2
    assert done[1].steps < done[0].steps == len(ROWS)
    seen = [max(line.get("tokens", 0) for line in job.read_progress()) for job in (plain, packed)]
    assert seen[0] == seen[1] > 1000


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Path]) -> JobFolder:
    folder = tmp_path_factory.mktemp("done")
    job = make_job(folder, models["llama"], spec(steps=30, eval_steps=10))
    result = run(job, device="cpu")
    assert result.state == "succeeded", result.message
    return job


def test_a_run_learns_is_judged_and_is_published(done: JobFolder) -> None:
    result = done.result()
    assert result and result.verdict["outcome"] == "better"
    curve = [(line["step"], line["eval_loss"]) for line in done.read_progress() if "eval_loss" in line]
    assert [step for step, _ in curve] == [0, 10, 20, 30]
    assert curve[-1][1] < curve[0][1]
    loss = next(score for score in result.verdict["scores"] if score["name"] == "loss")
    assert loss["before"] == pytest.approx(curve[0][1], abs=1e-4)
    assert loss["after"] == pytest.approx(curve[-1][1], abs=1e-4)
    losses = [line for line in done.read_progress() if "loss" in line]
    assert len(losses) == 30
    assert all(line[name] is not None for line in losses for name in ("lr", "tokens_per_second", "memory", "eta"))


def test_the_published_adapter_passes_the_engines_check_and_peft_loads_it(
    done: JobFolder, models: dict[str, Path]
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from chatbot.engine.adapters.folders import check

    folder = Path(done.meta().adapters) / "trunks"
    found = check(folder)
    assert (found.base, found.task, found.rank) == ("tiny-llama", "chat", 4)
    assert found.verdict.startswith("Better: held-out loss")
    model = AutoModelForCausalLM.from_pretrained(models["llama"])
    ids = torch.tensor([[5, 6, 7, 8]])
    before = model(ids).logits
    assert not torch.allclose(PeftModel.from_pretrained(model, str(folder))(ids).logits, before, atol=1e-3)


def test_a_stopped_run_keeps_a_usable_adapter_and_goes_on_later(tmp_path: Path, models: dict[str, Path]) -> None:
    from finetune.train import run as train_run

    job = make_job(tmp_path, models["llama"], spec(steps=20, save_steps=100))
    asked = iter([False] * (len(ROWS) + 20) + [True] * 1000)  # once a row that is read, and before each piece of work
    result = train_run.train(job, lambda: next(asked))
    assert result.state == "cancelled"
    assert 0 < result.steps < 20
    assert (tmp_path / "adapters" / result.adapter / "adapter_model.safetensors").is_file()
    newest = job.newest_checkpoint()
    assert newest and newest.name == f"step-{result.steps:08d}"
    assert run(job, device="cpu").state == "succeeded"
    assert [line["step"] for line in job.read_progress() if "loss" in line] == list(range(1, 21))


def test_a_stopped_job_goes_on_when_its_folder_is_named(tmp_path: Path, models: dict[str, Path]) -> None:
    from finetune.train.command import main

    job = make_job(tmp_path, models["llama"], spec(steps=4))
    job.ask_to_stop()
    assert run(job, device="cpu").message.startswith("Stopped before the training began")
    assert job.state() == "cancelled"
    assert main([str(job.path)]) == 0
    assert job.state() == "succeeded"


def test_a_damaged_checkpoint_is_left_out(tmp_path: Path, models: dict[str, Path]) -> None:
    from finetune.train.checkpoints import newest_whole

    job = make_job(tmp_path, models["llama"], spec(steps=10, save_steps=5))
    run(job, device="cpu")
    (job.checkpoints / "step-00000010" / "optimizer.pt").write_bytes(b"half")
    whole = newest_whole(job)
    assert whole and whole.name == "step-00000005"


def test_early_stopping_ends_the_run_with_the_best_weights(tmp_path: Path, models: dict[str, Path]) -> None:
    settings = spec(steps=60, eval_steps=5, early_stopping=2, learning_rate=1e-2, batch_size=2, schedule="constant")
    job = make_job(tmp_path, models["llama"], settings.changed({"rank": 64, "alpha": 1024.0}))
    result = run(job, device="cpu")
    curve = [(line["eval_loss"], line["step"]) for line in job.read_progress() if line.get("eval_loss") is not None]
    assert result.steps < 60
    if result.state == "succeeded":
        loss = next(score for score in result.verdict["scores"] if score["name"] == "loss")
        assert loss["after"] == pytest.approx(min(curve)[0], abs=1e-3)


def test_a_full_disk_is_a_typed_end_and_the_job_goes_on_when_there_is_room(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        job = make_job(disk, models["llama"], spec(steps=8, save_steps=2))
        result = run(job, device="cpu")
        assert (result.state, result.cause) == ("failed", "disk_full"), result.message
        assert "Free some space" in result.message
        assert job.state() == "failed"
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        job.enqueue()
        assert run(job, device="cpu").state == "succeeded"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize(
    "said",
    ["basic_ios::clear: iostream error", "[enforce fail at inline_container.cc:672] . unexpected pos 8384 vs 8278"],
)
def test_what_torch_says_of_a_full_disk_is_known(said: str, tmp_path: Path) -> None:
    job = make_job(tmp_path, tmp_path, spec())
    assert explain(RuntimeError(said), job).cause == "disk_full"


def test_out_of_memory_says_what_computes_the_same_with_less(tmp_path: Path, models: dict[str, Path]) -> None:
    job = make_job(tmp_path, models["llama"], spec(batch_size=8, accumulation=2))
    real = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 99999999999 bytes."
    result = explain(RuntimeError(real), job)
    assert (result.cause, result.retry) == ("out_of_memory", {"batch_size": 4, "accumulation": 4})
    assert job.spec().changed(result.retry).effective_batch == 16
    single = make_job(tmp_path / "b", models["llama"], spec(batch_size=1))
    assert explain(torch.OutOfMemoryError(), single).retry == {"gradient_checkpointing": True}


def test_a_child_without_memory_ends_with_that_cause(tmp_path: Path, models: dict[str, Path]) -> None:
    job = make_job(tmp_path, models["llama"], spec(batch_size=4))
    code = (
        "import sys, torch, resource; from pathlib import Path; from finetune.train.arithmetic import packed; "
        "from finetune.jobs.folder import JobFolder; from finetune.train.command import run\n"
        "def hungry(*a, **k):\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))\n"
        "    torch.empty(1 << 33)\n"
        "packed.loss_sum = hungry\n"
        "print(run(JobFolder(Path(sys.argv[1])), device='cpu').cause)"
    )
    child = subprocess.run([sys.executable, "-c", code, str(job.path)], capture_output=True, text=True, check=False)
    result = job.result()
    assert result and result.cause == "out_of_memory", child.stderr[-2000:]
    assert result.retry == {"batch_size": 2, "accumulation": 2}


@pytest.mark.parametrize("kind", quantized.KINDS)
def test_an_adapter_learns_on_quantised_weights_in_full_precision(tmp_path: Path, kind: str) -> None:
    model = make_model(tmp_path / "model", "llama", hidden_size=64, intermediate_size=128)
    job = make_job(tmp_path, model, spec(quantization=kind, eval_steps=6))
    result = run(job, device="cpu")
    assert result.state == "succeeded", result.message
    curve = [line["eval_loss"] for line in job.read_progress() if "eval_loss" in line]
    assert curve[-1] < 0.5 * curve[0], "gradients pass through the frozen weights, also after an evaluation"
    weights = load_file(tmp_path / "adapters" / result.adapter / "adapter_model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float32}


def test_quantisation_without_its_library_is_refused_with_a_way_out(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantized, "is_installed", lambda: False)
    with pytest.raises(InputError, match="pip install bitsandbytes"):
        load(Base(str(models["llama"])), spec(quantization="nf4"))


@pytest.mark.long
def test_two_processes_take_the_same_updates_as_one_also_where_they_share_the_base(
    tmp_path: Path, models: dict[str, Path]
) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    knobs = spec(steps=8, batch_size=8, eval_steps=4, precision="fp32").to_dict()
    settings = [f"--set={name}={json.dumps(value)}" for name, value in knobs.items()]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    accelerate = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
    accelerate += ["--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1"]
    ends = []
    for number, (launch, more) in enumerate((([], []), (torchrun, []), (accelerate, []), (torchrun, ["--shard"]))):
        folder = tmp_path / str(number)
        command = ["-m", "finetune.train", "--data", data, "--name", "bot", "--base", models["llama"], *settings, *more]
        words = [sys.executable, *launch, *map(str, command), "--folder", str(folder)]
        child = subprocess.run(
            words, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        assert child.returncode == 0, child.stderr[-3000:]
        (job,) = (folder / "jobs").iterdir()
        ends.append(JobFolder(job).read_progress())
        assert (folder / "adapters" / "bot" / "adapter_model.safetensors").is_file()
    alone, *pairs = (
        [(line.get("loss"), line.get("eval_loss")) for line in lines if "phase" not in line] for lines in ends
    )
    for pair in pairs:
        assert len(alone) == len(pair)
        for left, right in zip(alone, pair, strict=True):
            assert left == pytest.approx(right, abs=1e-3)


def test_a_name_that_is_a_path_never_becomes_one(tmp_path: Path, models: dict[str, Path]) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(ROWS[0]) + "\n", "utf-8")
    command = [sys.executable, "-m", "finetune.train", "--data", str(data), "--base", str(models["llama"])]
    child = subprocess.run(
        [*command, "--name", "../../x; rm -rf ~", "--folder", str(tmp_path / "f")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 2
    assert "cannot be an adapter's name" in child.stderr
    assert not (tmp_path / "f").exists()
