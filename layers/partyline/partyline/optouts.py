"""Opt-outs: what a keyword asks for, and what is answered. Pure.

Sources: CTIA, Messaging Principles and Best Practices (2023), 5.1.3; FCC, 47 CFR 64.1200(a)(10) and (12).
"""

from __future__ import annotations

from enum import StrEnum


class Keyword(StrEnum):
    """What a text of one keyword asks of the line that it is sent to."""

    STOP = "stop"
    START = "start"
    HELP = "help"
