"""The memory of a runner: what the C library must be told so that it stays flat."""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8
"""The number of the option in glibc's ``malloc.h``."""

ARENAS = 2


def keep_small() -> None:
    """Have threads share few pools of memory, before there are threads.

    glibc gives up to eight pools to each processor and hands no pool's free memory to another: a
    runner whose threads each read one large page of a listing kept a multiple of what it needed.
    Other C libraries have no such pools, and nothing to be told.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
