"""Coroutines in tests."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def running_alone(work: Coroutine[Any, Any, Any]) -> Any:
    """What it returns, run in a thread of its own: the browser tests leave an event loop behind in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
