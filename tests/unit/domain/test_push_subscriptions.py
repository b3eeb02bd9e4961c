"""Keys of browsers, and topics."""

from __future__ import annotations

import re

import pytest

from partyline.domain import push_subscriptions, sids
from tests.support.push_service import PushBrowser


def test_a_public_key_is_a_point_of_the_curve() -> None:
    point = PushBrowser().p256dh
    assert push_subscriptions.is_public_key(point)
    assert not push_subscriptions.is_public_key(point[:-1])
    assert not push_subscriptions.is_public_key(b"\x02" + point[1:])
    assert not push_subscriptions.is_public_key(point[:-1] + bytes([point[-1] ^ 1]))
    assert not push_subscriptions.is_public_key(b"\x04" + bytes(64))
    assert not push_subscriptions.is_public_key(b"\x04" + b"\xff" * 64)


@pytest.mark.parametrize("text", ["AAA", "AAA=", "AA==", "A-_A", "AA"])
def test_keys_come_with_and_without_padding(text: str) -> None:
    key = push_subscriptions.decode_key(text)
    assert key is not None
    assert push_subscriptions.encode_key(key) == text.rstrip("=")


@pytest.mark.parametrize("text", ["A+/A", "é", "A", "A=A", "\x00AAA", "", "A" * 300])
def test_other_texts_are_no_keys(text: str) -> None:
    assert push_subscriptions.decode_key(text) is None


def test_topics_tell_conversations_apart_for_each_browser() -> None:
    """RFC 8030, section 5.4: at most 32 letters of base64url."""
    one, two = sids.new(sids.CONVERSATION), sids.new(sids.CONVERSATION)
    topics = {push_subscriptions.build_topic(browser, sid) for browser in ("WP1", "WP2") for sid in (one, two)}
    assert len(topics) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", topic) for topic in topics)
    assert push_subscriptions.build_topic("WP1", one) in topics
