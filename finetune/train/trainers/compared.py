"""Trainers that compare the model with what it was.

How likely each answer is to the model as it was is computed once, before the first update, so that an update reads each row once
instead of twice. Where a run goes on from an adapter, that is the model with it, and not the bare base.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor

from finetune.data.encoding.masks import Encoded
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.data import Row
from finetune.train.trainers.keeping import Keeping
from finetune.train.trainers.settings import token_budget

AT_ONCE = 64  # answers whose reference is computed between two looks at whether to stop

Told = Callable[[float, float], None]
"""Hears the fraction of the reference that is done and the seconds that are left."""


class Padded(Keeping):
    """To be inherited from before one of TRL's trainers whose rows come encoded and are padded."""

    padded = True

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def training_step(self, *arguments: Any, **named: Any) -> Tensor:
        return self.require_finite(super().training_step(*arguments, **named))

    def compute_loss(self, model: Any, inputs: dict[str, Tensor], *arguments: Any, **named: Any) -> Any:
        self.leave_if_asked()
        if model.training:
            self.seen_tokens += int(inputs["attention_mask"].sum())
        return super().compute_loss(model, inputs, *arguments, **named)


class Compared(Padded):
    """`earlier` shows the model as it was before the training, which a new adapter does not change; `resumed` says that a
    checkpoint will be loaded; `together` rows are computed at once."""

    def __init__(
        self,
        *,
        rows: tuple[Sequence[Row], Sequence[Row]],
        together: int,
        earlier: Callable[[Any], AbstractContextManager[Any]] | None,
        resumed: bool,
        told: Told,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._rows, self._together, self._resumed, self._told = rows, together, resumed, told
        self._earlier = earlier or nullcontext
        self.precompute_ref_logps = True  # by `begin`: TRL's own takes the bare base for what a run goes on from

    @staticmethod
    def compared(rows: Sequence[Row], together: int) -> list[Encoded]:
        """What is looked at as the model was, of all rows."""
        raise NotImplementedError

    @staticmethod
    def dataset(rows: Sequence[Row], together: int, reference: Sequence[float] = ()) -> Dataset:
        """In TRL's names; `reference` holds log-likelihoods of what `compared` gives."""
        raise NotImplementedError

    def begin(self) -> None:
        """Compute the reference. Raises `Stopped`, but where a checkpoint holds what was learnt: then no update follows that
        would read it."""
        parts = [self.compared(rows, self._together) for rows in self._rows]
        found = self._reference([answer for part in parts for answer in part])
        if found is None:
            return
        train, held_out = self._rows
        self.train_dataset = self.dataset(train, self._together, found[: len(parts[0])])
        self.eval_dataset = self.dataset(held_out, self._together, found[len(parts[0]) :]) if held_out else None

    def _reference(self, answers: Sequence[Encoded]) -> list[float] | None:
        """None where it was stopped."""
        model = self.accelerator.unwrap_model(self.model)
        side_by_side, found = SideBySide(model, token_budget(model.device.type == "cuda")), list[float]()
        model.eval()
        began = time.monotonic()
        with self._earlier(model):
            for start in range(0, len(answers), AT_ONCE):
                if self._resumed and self._stop():
                    return None
                self.leave_if_asked()
                some = [{"input_ids": a.input_ids, "labels": a.labels} for a in answers[start : start + AT_ONCE]]
                found += [-nats for nats in side_by_side.row_losses(model, some, self.compute_loss_context_manager)]
                share = len(found) / len(answers)
                self._told(share, (time.monotonic() - began) * (1 - share) / share)
        return found


def in_pieces(settings: dict[str, Any], longest: int, *, of: int = 1, least: int = 1) -> dict[str, Any]:
    """The same updates, summed up from as many rows at once as stay within the budget of tokens, padding included; a row is `of`
    sequences of at most `longest` tokens, and `least` are computed at once in any case."""
    rows = settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"]
    most = max(least, token_budget(torch.cuda.is_available()) // (of * longest))
    sizes = [size for size in range(least, rows + 1) if rows % size == 0]
    at_once = max([size for size in sizes if size <= most] or sizes[:1])
    return settings | {
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "gradient_accumulation_steps": rows // at_once,
    }


def split(encoded: Encoded) -> tuple[list[int], list[int]]:
    """Ids of the prompt and of the answer."""
    first = next(at for at, label in enumerate(encoded.labels) if label != -100)
    return encoded.input_ids[:first], encoded.input_ids[first:]
