"""Which device is there, found out without loading torch (two seconds and 300 MB that a CPU start does not need)."""

import ctypes
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU and a torch that can use it."""
    return gpus() > 0


def gpus() -> int:
    """How many NVIDIA GPUs there are that torch can use."""
    return _cuda_devices() if _torch_has_cuda() else 0


def _torch_has_cuda() -> bool:
    return find_spec("torch") is not None and not version("torch").endswith("+cpu")


def _cuda_devices() -> int:
    """Devices that the CUDA driver lists (driver API: cuInit, cuDeviceGetCount); 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def free_memory() -> int:
    """Bytes that programs may still take: the system's, or what is left of the limit that a container sets."""
    import psutil

    return min(int(psutil.virtual_memory().available), _left_in_container())


def _left_in_container(group: Path = Path("/sys/fs/cgroup")) -> int:
    """By cgroup v2; what the kernel would give back of its file cache counts as free."""
    try:
        limit, used = ((group / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        cache = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())["inactive_file"]
        return int(limit) - int(used) + int(cache) if limit != "max" else sys.maxsize
    except (OSError, ValueError, KeyError):
        return sys.maxsize
