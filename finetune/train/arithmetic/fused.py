"""Training arithmetic for CPUs: the layers of a Llama-like model with plain LoRA, in fewer passes over memory.

They compute what PEFT and transformers compute, in fp32: LoRA's products are added in place, norms and gates keep one tensor
instead of five. Where the processor multiplies bfloat16 natively (twice as fast), products with *frozen* weights are computed in it
unless fp32 is asked for; norms, attention, LoRA and the sum of the layers stay fp32.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from chatbot.common.errors import InputError
from finetune.train.arithmetic import last_layer
from finetune.train.arithmetic.attention import uses_rows


@contextlib.contextmanager
def fused(model: Any, *, bf16: bool) -> Iterator[int]:
    """Use the layers below in `model`, a PeftModel on a CPU in fp32, until the context ends; yields how many.

    With `bf16` products with frozen weights are computed in bfloat16. A layer is taken only when it is known to compute
    the same; all others stay as they are.
    """
    replaced = [(module, forward) for module in model.modules() if (forward := _replacement(module, bf16))]
    head = model.get_output_embeddings()
    if isinstance(head, torch.nn.Linear) and _is_plain(head) and head.bias is None:
        replaced.append((head, _frozen(head.weight, bf16)))
    if uses_rows(model) and (last := last_layer.shortened(model)):
        replaced.append(last)
    for module, forward in replaced:
        module.forward = forward
    try:
        yield len(replaced)
    finally:
        for module, _ in replaced:
            del module.forward


def uses_bf16(precision: str) -> bool:
    """What `TrainingSpec.precision` means on this processor. Raises `InputError` where bf16 would be slower than fp32."""
    if precision == "bf16" and not has_native_bf16():
        raise InputError(
            "This processor has no instructions for bf16 (avx512_bf16 or amx_bf16): it would be slower than fp32. "
            "Please set precision to auto.",
            kind="slow_bf16",
        )
    return precision != "fp32" and has_native_bf16()


def has_native_bf16(told: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor multiplies bfloat16 matrices faster than fp32 ones, as far as the system tells."""
    try:
        flags = told.read_text("utf-8").partition("flags")[2].partition("\n")[0].split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))


class LoraLinear(torch.autograd.Function):  # type: ignore[misc]
    """y = x Wᵀ + c + s (x Aᵀ) Bᵀ for x (..., in), W (out, in), c (out,), A (r, in), B (out, r); W and c are frozen."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, frozen: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        inner = rows @ a.t()
        out = _product(rows, frozen.t())
        out.addmm_(inner, b.t(), alpha=scale)
        if bias is not None:  # Qwen2's q, k and v
            out.add_(bias)
        ctx.save_for_backward(rows, inner, a, b)
        ctx.frozen, ctx.scale, ctx.shape = frozen, scale, x.shape
        return out.view(*x.shape[:-1], frozen.shape[0])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        rows, inner, a, b = ctx.saved_tensors
        grad = grad.reshape(-1, grad.shape[-1])
        grad_b = torch.mm(grad.t(), inner).mul_(ctx.scale)
        grad_inner = torch.mm(grad, b).mul_(ctx.scale)
        grad_a = torch.mm(grad_inner.t(), rows)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = _product(grad, ctx.frozen).addmm_(grad_inner, a).view(ctx.shape)
        return grad_x, None, None, grad_a, grad_b, None


class FrozenLinear(torch.autograd.Function):  # type: ignore[misc]
    """y = x Wᵀ with frozen W (out, in)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, frozen: Tensor) -> Tensor:
        ctx.frozen = frozen
        return _product(x.reshape(-1, x.shape[-1]), frozen.t()).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _product(grad.reshape(-1, grad.shape[-1]), ctx.frozen).view(*grad.shape[:-1], -1), None


class RmsNorm(torch.autograd.Function):  # type: ignore[misc]
    """x / rms(x) * w over the last dimension (Zhang and Sennrich, 2019); w is frozen."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        size = x.shape[-1]
        power = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(size)
        inverse = power.add_(epsilon).rsqrt_()
        unit = x * inverse
        ctx.save_for_backward(unit, inverse, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        unit, inverse, weight = ctx.saved_tensors
        scaled = grad * weight
        along = torch.linalg.vecdot(scaled, unit).unsqueeze(-1).div_(unit.shape[-1])
        return scaled.addcmul_(unit, along, value=-1).mul_(inverse), None, None


class Gate(torch.autograd.Function):  # type: ignore[misc]
    """silu(gate) * up (Shazeer, 2020)."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        sigmoid = torch.sigmoid(gate)
        activated = gate * sigmoid
        grad_up = grad * activated
        slope = torch.addcmul(sigmoid, activated, 1 - sigmoid)  # silu' = σ + silu (1 - σ)
        return slope.mul_(grad).mul_(up), grad_up


class CrossEntropy(torch.autograd.Function):  # type: ignore[misc]
    """Summed negative log-likelihood of `targets` (rows,) under `logits` (rows, vocabulary), which become their own gradient.

    The logits are the largest tensor of a step; here they are written once, and read once on the way back.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        at = targets[:, None]
        top = logits.amax(1, keepdim=True)
        chosen = logits.gather(1, at)
        logits.sub_(top).exp_()
        total = logits.sum(1, keepdim=True)
        logits.div_(total).scatter_add_(1, at, torch.full_like(total, -1.0))
        ctx.gradient = logits
        return (total.log() + top - chosen).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return ctx.gradient.mul_(grad), None


def _product(rows: Tensor, weight: Tensor) -> Tensor:
    """rows W in fp32, multiplied in the number format of W."""
    return torch.mm(rows, weight) if weight.dtype == rows.dtype else torch.mm(rows.to(weight.dtype), weight).float()


def _replacement(module: Any, bf16: bool) -> Callable[..., Tensor] | None:
    from peft.tuners.lora import Linear

    if isinstance(module, Linear) and _is_plain_lora(module):
        frozen, bias = _weight(module.base_layer.weight, bf16), module.base_layer.bias
        a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
        scale = float(module.scaling["default"])
        return lambda x: LoraLinear.apply(x, frozen, bias, a, b, scale)
    if type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon"):
        weight, epsilon = module.weight, module.variance_epsilon
        return _if_equal(module, lambda x: RmsNorm.apply(x, weight, epsilon), weight.shape[0])
    names = ("gate_proj", "up_proj", "down_proj", "act_fn")
    if all(hasattr(module, name) for name in names):
        own = module
        width = module.gate_proj.in_features
        return _if_equal(module, lambda x: own.down_proj(Gate.apply(own.gate_proj(x), own.up_proj(x))), width)
    return None


def _if_equal(module: Any, candidate: Callable[..., Any], width: int) -> Callable[..., Tensor] | None:
    """The candidate, provided that it computes on numbers what the module computes."""
    probe = torch.linspace(-3, 3, 2 * width).reshape(1, 2, width)
    try:
        with torch.no_grad():
            expected, found = module(probe), candidate(probe)
    except (TypeError, RuntimeError):
        return None
    return candidate if torch.allclose(expected, found, rtol=1e-4, atol=1e-5) else None


def _is_plain_lora(module: Any) -> bool:
    return (
        list(module.lora_A) == ["default"]
        and isinstance(module.lora_dropout["default"], torch.nn.Identity)
        and not module.use_dora.get("default")
        and not module.fan_in_fan_out
        and not module.merged
        and not getattr(module, "lora_variant", None)
        and isinstance(module.base_layer, torch.nn.Linear)
        and _is_plain(module.base_layer)
    )


def _is_plain(linear: torch.nn.Linear) -> bool:
    weight = linear.weight
    known = type(linear) is torch.nn.Linear and not any(part.requires_grad for part in linear.parameters())
    return known and weight.dtype == torch.float32 and weight.device.type == "cpu"


def _weight(weight: Tensor, bf16: bool) -> Tensor:
    return weight.detach().bfloat16() if bf16 else weight


def _frozen(weight: Tensor, bf16: bool) -> Callable[..., Tensor]:
    frozen = _weight(weight, bf16)
    return lambda x: FrozenLinear.apply(x, frozen)
