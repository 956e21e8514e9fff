"""Pieces computed at once by threads of their own: the same losses and gradients, every time, and a quick end."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.train.arithmetic import attention, fused, packed
from finetune.train.arithmetic.side_by_side import MOST, SideBySide
from tests.finetune.train.test_command import gradients, models, reference, trainable

__all__ = ["models"]

ROWS: list[dict[str, Any]] = [
    {"input_ids": [n, *range(n, n + size)], "labels": [-100, -100, *range(n + 1, n + size)]}
    for n, size in enumerate((9, 5, 12, 7, 4, 11, 30, 8), 3)
]


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def backward(model: Any, side: SideBySide, rows: list[dict[str, Any]] = ROWS) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    pieces = side.pieces(packed.collate(rows), share=attention.uses_rows(model))
    with fused.fused(model, bf16=False):
        total = side.backward(model, pieces, lambda piece: packed.loss_sum(model, piece, rows=False))
    return float(total), gradients(model)


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma"])
def test_losses_and_gradients_are_those_of_the_rows_alone_and_the_same_every_time(
    models: dict[str, Path], architecture: str
) -> None:
    expected, wanted = reference(models[architecture], ROWS)
    model = trainable(models[architecture])
    side = SideBySide(model, 20)
    assert side.at_once == 4
    total, found = backward(model, side)
    assert total == pytest.approx(sum(expected), rel=1e-4)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-4 * float(gradient.abs().max()))
    for _ in range(3):
        _, again = backward(model, side)
        assert all(torch.equal(again[name], found[name]) for name in found)
    assert side.row_losses(model, ROWS) == pytest.approx(expected, rel=1e-4)


def test_several_pieces_run_at_the_same_time_each_with_its_share_of_the_threads(models: dict[str, Path]) -> None:
    side = SideBySide(trainable(models["llama"]), 20)
    together = threading.Barrier(4, timeout=20)
    pieces = [{"input_ids": torch.ones(1, 10)} for _ in range(8)]

    def work(piece: Any) -> int:
        together.wait()
        return int(torch.get_num_threads())

    assert list(side.map(work, pieces)) == [(at, 1) for at in range(8)]
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ((10, 10, 10, 10, 10, 21, 10), {10: {1}, 21: {1}}),  # no thread waits long for the one with 21
        ((10, 10, 41, 10, 10), {10: {1}, 41: {4}}),  # too large to have others in memory beside it
        ((5, 40, 5), {5: {4}, 40: {4}}),  # three threads would wait for the one with 40, then two for the others
        ((10, 10, 10, 10, 10), {10: {1, 4}}),  # one is left over
    ],
)
def test_a_piece_has_all_threads_where_the_others_would_only_wait(
    models: dict[str, Path], sizes: tuple[int, ...], wanted: dict[int, set[int]]
) -> None:
    side = SideBySide(trainable(models["llama"]), 20)
    pieces = [{"input_ids": torch.ones(1, size)} for size in sizes]
    found = list(side.map(lambda piece: (piece["input_ids"].numel(), torch.get_num_threads()), pieces))
    assert {at: size for at, (size, _) in found} == dict(enumerate(sizes))
    threads: dict[int, set[int]] = {size: set() for size in sizes}
    for _, (size, count) in found:
        threads[size].add(count)
    assert threads == wanted


def test_rows_are_cut_for_all_threads_unless_what_they_share_would_be_computed_again(models: dict[str, Path]) -> None:
    side = SideBySide(trainable(models["llama"]), 200)
    own = [{"input_ids": list(range(n, n + 20)), "labels": list(range(n, n + 20))} for n in range(8)]
    assert [piece["input_ids"].numel() for piece in side.pieces(packed.collate(own), share=True)] == [40] * 4
    text = list(range(100, 160))
    asked = [{"input_ids": [*text, n, n + 1], "labels": [*[-100] * 60, n, n + 1]} for n in range(8)]
    whole = side.pieces(packed.collate(asked), share=True)
    assert [piece["input_ids"].numel() for piece in whole] == [59 + 3 * 8]


def test_what_fails_in_one_piece_ends_all_and_leaves_nothing_running(models: dict[str, Path]) -> None:
    side = SideBySide(trainable(models["llama"]), 20)
    begun: list[int] = []

    def work(piece: Any) -> None:
        begun.append(1)
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        list(side.map(work, [{"input_ids": torch.ones(1, 10)}] * 40))
    count = len(begun)
    assert count < 40
    threading.Event().wait(0.2)
    assert len(begun) == count
    assert torch.get_num_threads() == 4


def test_random_layers_and_several_processes_take_one_piece_after_the_other(models: dict[str, Path]) -> None:
    model = trainable(models["llama"])
    assert SideBySide(model, 20).at_once == MOST
    assert SideBySide(model, 20, allowed=False).at_once == 1
    layer = next(module for module in model.modules() if hasattr(module, "lora_dropout"))
    layer.lora_dropout["default"] = torch.nn.Dropout(0.1)
    assert SideBySide(model, 20).at_once == 1
