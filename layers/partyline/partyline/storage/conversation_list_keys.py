"""Build the keys by which conversations are in lists. docs/table.md lists them with the others."""

from __future__ import annotations

from partyline.storage.keys import Key, conversation


def places(conversation_sid: str) -> Key:
    """Return the key of the item that has the places of a conversation in the lists."""
    return Key(conversation(conversation_sid).pk, "L")


def conversation_list(service_sid: str) -> str:
    """Return the list of a Service's conversations (GSI1)."""
    return f"CL#{service_sid}"


def state_list(service_sid: str, state: str) -> str:
    """Return the list of a Service's conversations in a state (GSI2)."""
    return f"CS#{service_sid}#{state}"
