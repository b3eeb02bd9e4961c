"""Build the keys of push subscriptions. docs/table.md lists them with all others.

A browser is one item, by its endpoint: whoever subscribes in it takes the place of who did before. Two indexes list
those of a Service, by scope, and those of a person.
"""

from __future__ import annotations

from partyline.domain.push_subscriptions import NotifyScope
from partyline.storage.keys import Key


def push_subscription(sid: str) -> Key:
    return Key(f"WP#{sid}", "WP")


def of_service(service_sid: str) -> str:
    """Return the partition of the push subscriptions of a Service (GSI1)."""
    return f"WL#{service_sid}"


def in_scope(scope: NotifyScope) -> str:
    """Return what the sort keys of those with one scope begin with."""
    return f"{scope.value}#"


def of_person(service_sid: str, identity: str) -> str:
    """Return the partition of the push subscriptions of one person (GSI2)."""
    return f"WI#{service_sid}#{identity}"


def ended_session(name: str) -> Key:
    """Return the key of the note that a session of sign-in has ended, by the name that its tokens have."""
    return Key(f"WE#{name}", "WE")
