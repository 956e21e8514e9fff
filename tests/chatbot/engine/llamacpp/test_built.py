"""Whether another build of llama.cpp would use more of the processor."""

import re
from pathlib import Path

import pytest
import xllamacpp

from chatbot.engine.llamacpp import built

WHEEL = (
    "CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | BMI2 = 1 | LLAMAFILE = 1 | OPENMP = 1 | REPACK = 1 | "
)
NATIVE = (
    "CPU : AVX2 = 1 | AVX512 = 1 | AVX512_VBMI = 1 | AVX512_VNNI = 1 | AVX512_BF16 = 1 | OPENMP = 1 | REPACK = 1 | "
)


@pytest.mark.parametrize(
    ("flags", "told", "found"),
    [
        ({"avx2", "avx512f", "avx512_vnni"}, WHEEL, ("AVX512_VNNI",)),
        ({"avx2", "avx_vnni"}, WHEEL, ("AVX_VNNI",)),
        ({"avx2", "avx512_vnni"}, NATIVE, ()),
        ({"avx2", "avx512_vnni"}, NATIVE.replace("AVX512_VNNI = 1", "AVX512_VNNI = 0"), ("AVX512_VNNI",)),
        ({"avx2", "avx512f"}, WHEEL, ()),  # without dot products of bytes there is little to win
        (set(), WHEEL, ()),
    ],
)
def test_what_a_build_for_the_machine_would_use(flags: set[str], told: str, found: tuple[str, ...]) -> None:
    assert built.missing(frozenset(flags), told) == found


def test_this_machine(tmp_path: Path) -> None:
    """llama.cpp still tells what it was built with in the way that is read here, and Linux what there is."""
    assert re.search(r"\bAVX2 = 1 \||\bNEON = 1 \|", xllamacpp.get_system_info())
    assert built._flags()
    assert built._flags(tmp_path / "none") == frozenset()
    assert built.unused() == built.missing(built._flags(), xllamacpp.get_system_info())
    assert built.command().endswith(f"xllamacpp=={xllamacpp.__version__}")
