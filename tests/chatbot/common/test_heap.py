"""What is freed goes back to the system."""

import platform
import subprocess
import sys

import pytest

GAPS = """
import psutil
from chatbot.common.system.heap import give_back
rss = psutil.Process().memory_info
blocks = [b"x" * 20_000 for _ in range(20_000)]
kept = blocks[::100]
del blocks
before = rss().rss
give_back()
print(before - rss().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such call")
def test_what_lies_in_gaps_between_what_is_kept_goes_back() -> None:
    given = int(subprocess.run([sys.executable, "-c", GAPS], capture_output=True, text=True, check=True).stdout)
    assert given > 300_000_000, "of 400 MB that were freed"
