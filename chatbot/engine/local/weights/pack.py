"""Half-precision weights on the CPU: fbgemm's packed matrices, read as float16, multiplied and summed in float32.

Against float32 through oneMKL on one thread of an AVX-512 machine, all linear layers of the bundled model: 1 row 15 ms
against 52, 8 rows 31 against 81, 16 rows 58 against 109, 256 rows 891 against 977. And each row's sums run in the same
order whatever stands beside it, bit for bit, which oneMKL's do not: an answer beside others is the answer alone. AVX2 has
kernels of up to six rows, of which those for one and two sum in another order: a row or two are added where they would be
used (one row alone takes 14 % longer by that). (Dynamic int8 scales its input by the largest value of the whole batch: company would change answers.)
"""

from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional

LARGEST = 65504.0  # of float16
BLOCK = 120  # rows that fbgemm computes at most before it looks which kernels fit the rest


class PackedLinear(nn.Module):  # type: ignore[misc]
    """A linear layer with float16 weights. `weight` is (outputs, inputs), float32."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self._packed = torch.ops.quantized.linear_prepack_fp16(weight.contiguous(), bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, self.in_features)
        added = _added(len(rows))
        out = self._multiply(functional.pad(rows, (0, 0, 0, added)) if added else rows)
        return out[: len(rows)].view(*x.shape[:-1], self.out_features)

    def _multiply(self, rows: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.ops.quantized.linear_dynamic_fp16.default(rows, self._packed)
        return out


def _added(rows: int) -> int:
    """How many rows to compute besides, so that all are summed in one order."""
    return next(more for more in range(BLOCK) if (rows + more) % BLOCK not in _uneven())


@cache
def _uneven() -> frozenset[int]:
    """Numbers of rows, up to a block, of which this machine's kernels sum some in another order. None on AVX-512."""
    numbers = torch.Generator().manual_seed(0)
    layer = PackedLinear(torch.randn(16, 64, generator=numbers), None)
    row = torch.randn(1, 64, generator=numbers)
    same = layer._multiply(row.expand(BLOCK, -1))[:1]
    return frozenset(
        count
        for count in range(1, BLOCK)
        if not torch.equal(layer._multiply(row.expand(count, -1)), same.expand(count, -1))
    )


def can_pack() -> bool:
    return "fbgemm" in torch.backends.quantized.supported_engines


def pack(model: Any) -> None:
    """Replace every linear layer of a float32 model on the CPU whose weights float16 can hold."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            weight = _weight(child)
            if weight is not None and weight.dtype == torch.float32 and weight.abs().max() <= LARGEST:
                setattr(parent, name, PackedLinear(weight, child.bias))


def _weight(module: nn.Module) -> torch.Tensor | None:
    """(outputs, inputs). Subclasses do arithmetic of their own and stay as they are."""
    if type(module) is nn.Linear:
        return module.weight
    if type(module).__name__ == "Conv1D":
        weight: torch.Tensor = module.weight
        return weight.t()
    return None
