"""The bodies of the queues: what version 0.1.0 wrote is what is written now, and is read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.events import Event
from partyline.domain.media import MediaReference
from partyline.domain.sends import SendReference
from partyline.domain.webhook_configuration import WebhookMethod
from partyline.queues import queue_messages
from partyline.queues.queue_messages import ActivationRequest, Callback, Cut, Push, Removed, RemovedKind
from partyline.realtime import publisher

# Written by the code of version 0.1.0. Never write it anew: queues in use have such bodies.
BODIES: dict[str, str] = json.loads((Path(__file__).parent / "queue_bodies.json").read_text())
MESSAGES: dict[str, Any] = {
    "send": SendReference("CH1", "IM1", "ab"),
    "activation": ActivationRequest("CH1"),
    "removed_conversation": Removed(RemovedKind.CONVERSATION, "CH1", at=1772600767.0),
    "removed_service": Removed(RemovedKind.SERVICE, "IS1", at=0.5),
    "removed_user": Removed(RemovedKind.USER, "US1", "IS1", "anna é", 1772600767.089),
    "removed_media": Removed(RemovedKind.MEDIA, "ME1"),
    "callback": Callback(
        "https://example.com/?a=b", WebhookMethod.GET, {"Body": 'é ☎ "x"', "EventType": "onMessageAdded"}, "token"
    ),
    "media": MediaReference("CH1", "IM1", "ME1"),
    "push": Push(
        "IS1", "CH1", (Event("onMessageAdded", {"Body": "hé"}), Event("onMessageUpdated", {})), ("anna", "bob")
    ),
    "push_least": Push("IS1", "CH1", ()),
    "cut_user": Cut("IS1", "US1", "anna"),
    "cut_service": Cut("IS1", "IS1"),
}
LIVE = (Push, Cut)


def encode(message: Any) -> str:
    if isinstance(message, SendReference):
        return queue_messages.encode_send(message)
    return queue_messages.encode_live(message) if isinstance(message, LIVE) else queue_messages.encode(message)


def decode(kind: Any, body: str) -> Any:
    return queue_messages.decode_live(body) if kind in LIVE else queue_messages.decode(kind, body)


def test_every_message_has_a_body() -> None:
    assert MESSAGES.keys() == BODIES.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_encode_writes_the_body_of_the_first_version(name: str) -> None:
    assert encode(MESSAGES[name]) == BODIES[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_decode_reads_the_body_of_the_first_version(name: str) -> None:
    assert decode(type(MESSAGES[name]), BODIES[name]) == MESSAGES[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_decode_ignores_names_of_a_later_version(name: str) -> None:
    body = json.dumps({**json.loads(BODIES[name]), "later": {"x": [1]}})
    assert decode(type(MESSAGES[name]), body) == MESSAGES[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_decode_raises_for_a_body_that_is_none(name: str) -> None:
    for body in ("", "[]", '{"kind": "push"}'):
        with pytest.raises((ValueError, TypeError)):
            decode(type(MESSAGES[name]), body)


def test_encode_send_leaves_out_the_part() -> None:
    part = SendReference("CH1", "IM1", "ab", part=2, parts=3)
    assert queue_messages.encode_send(part) == BODIES["send"]


def test_publisher_encode_writes_the_body_of_a_push_that_fits() -> None:
    for name in ("push", "push_least", "cut_user", "cut_service"):
        assert publisher.encode(MESSAGES[name]) == BODIES[name]


# A time is a finite number: what is no number differs from itself.
@given(
    st.sampled_from([SendReference, MediaReference, ActivationRequest, Callback, Push, Cut, Removed])
    .flatmap(st.from_type)
    .filter(lambda message: math.isfinite(getattr(message, "at", 0)))
)
def test_decode_returns_what_was_encoded(message: Any) -> None:
    whole = message.whole if isinstance(message, SendReference) else message
    assert decode(type(message), encode(message)) == whole
