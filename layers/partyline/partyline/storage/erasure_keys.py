"""Build the keys of what is stored about erasures: the mark, the opt-outs of people who were erased, the erasures."""

from __future__ import annotations

from partyline.storage.keys import OPT_OUTS, Key


def mark() -> Key:
    """Return the key of the item that says that there may be opt-outs of people who were erased."""
    return Key("ACCOUNT", "ERASURES")


def opt_out(digest: str, line: str) -> Key:
    """Return the key of the opt-out of a person who was erased, by the keyed hash of the number."""
    return Key(f"OE#{digest}", f"{OPT_OUTS}{line}")


def erasure(sid: str) -> Key:
    return Key(f"ER#{sid}", "ER")


def step(sid: str, walk: int) -> Key:
    """Return the key of the order to begin a walk of an erasure; 0 is what comes before the first."""
    return Key(erasure(sid).pk, f"N#{walk}")


def task(sid: str, conversation_sid: str) -> Key:
    """Return the key of a conversation that an erasure is to leave."""
    return Key(erasure(sid).pk, f"{TASKS}{conversation_sid}")


TASKS = "C#"
# GSI1
ERASURE_LIST = "ERL"
