"""The conditions of the emulator's table, read once.

The emulator reads a condition anew for each item that it is compared with: for a query, all items of a partition. While
texts flowed, a third of its time went into that. What is remembered depends on the words of a condition only.
"""

from __future__ import annotations

import functools

from ministack.services import dynamodb

# Conditions of different words. The functions write some hundred.
_REMEMBERED = 4096


def install() -> None:
    """Change the emulator for this process."""
    remember = functools.lru_cache(_REMEMBERED)
    # Nothing changes the list of words that it returns.
    dynamodb._tokenize = remember(dynamodb._tokenize)  # noqa: SLF001
    dynamodb._condition_syntax_error = remember(dynamodb._condition_syntax_error)  # noqa: SLF001
