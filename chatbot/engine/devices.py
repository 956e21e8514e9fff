"""Which device is there, found out without loading torch (two seconds and 300 MB that a CPU start does not need)."""

import ctypes
import sys
from importlib.metadata import PackageNotFoundError, version


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU and a torch that can use it."""
    return gpus() > 0


def gpus() -> int:
    """How many NVIDIA GPUs there are that torch can use."""
    return _cuda_devices() if _torch_has_cuda() else 0


def _torch_has_cuda() -> bool:
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


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
