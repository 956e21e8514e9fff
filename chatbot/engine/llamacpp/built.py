"""What the processor can and the installed llama.cpp cannot: its wheels are built for the processors of 2013 as well."""

from importlib.metadata import version
from pathlib import Path

# As Linux names an instruction set -> as llama.cpp does. Dot products of eight-bit numbers in one instruction, in which quantized
# weights are multiplied. tests/bench/README.md has what they are worth.
_PAYS = {"avx512_vnni": "AVX512_VNNI", "avx_vnni": "AVX_VNNI"}


def unused() -> tuple[str, ...]:
    """Instruction sets of this processor that a build for it would use, by llama.cpp's names. Empty where that is not known."""
    import xllamacpp

    return missing(_flags(), xllamacpp.get_system_info())


def missing(flags: frozenset[str], built: str) -> tuple[str, ...]:
    """`flags` as /proc/cpuinfo has them, `built` as llama.cpp tells it: `AVX2 = 1 | AVX512_VNNI = 1`."""
    used = {name.strip() for name, _, on in (part.rpartition("=") for part in built.split("|")) if on.strip() == "1"}
    return tuple(name for flag, name in _PAYS.items() if flag in flags and name not in used)


def command() -> str:
    """What builds the installed version for this machine. It needs a C++ compiler and CMake, and fetches nothing but the source."""
    return (
        'CMAKE_ARGS="-DLLAMA_LLGUIDANCE=OFF -DLLAMA_BUILD_BORINGSSL=OFF" python -m pip install --force-reinstall --no-deps '
        f"--no-cache-dir --no-binary xllamacpp xllamacpp=={version('xllamacpp')}"
    )


def _flags(told: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    try:
        lines = told.read_text("utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").partition(":")[2].split())
