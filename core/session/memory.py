"""How much memory a run may take."""

import os
from contextlib import suppress


def history_bytes() -> int:
    """How much memory the states of a run may take: an eighth of what this process may have; growing needs as much."""
    memory = 2**32
    with suppress(ImportError, ValueError, OSError, AttributeError):  # a system that does not tell
        import resource

        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
        memory = memory if limit == resource.RLIM_INFINITY else min(memory, limit)
    return memory // 8
