from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.auth import session_cookies, sign_in_attempts

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ATTEMPT, COOKIE = sign_in_attempts.begin("root", NOW, lambda count: bytes(range(count)))
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def test_the_cookie_gives_the_attempt_back_until_it_expires() -> None:
    life = sign_in_attempts.LIFE
    assert sign_in_attempts.read_cookie("root", COOKIE, NOW) == ATTEMPT
    assert sign_in_attempts.read_cookie("root", COOKIE, NOW + life - timedelta(seconds=1)) == ATTEMPT
    assert sign_in_attempts.read_cookie("root", COOKIE, NOW + life) is None


def test_the_secrets_of_an_attempt_differ_and_the_cookie_has_none_of_them() -> None:
    secrets = {ATTEMPT.state, ATTEMPT.nonce, ATTEMPT.verifier, ATTEMPT.challenge, ATTEMPT.digest}
    assert len(secrets) == 5
    assert not any(secret in COOKIE for secret in secrets)


def test_the_challenge_is_the_hash_of_a_verifier_as_rfc_7636_has_it() -> None:
    assert UNRESERVED.fullmatch(ATTEMPT.verifier)
    digest = hashlib.sha256(ATTEMPT.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(ATTEMPT.challenge + "=") == digest


def test_another_deployments_cookie_is_refused_and_so_is_every_one_without_a_root() -> None:
    assert sign_in_attempts.read_cookie("other", COOKIE, NOW) is None
    assert sign_in_attempts.read_cookie("", COOKIE, NOW) is None


@given(st.integers(0, len(COOKIE) - 1), st.characters(codec="utf-8"))
def test_a_cookie_with_one_changed_character_is_refused(place: int, letter: str) -> None:
    changed = COOKIE[:place] + letter + COOKIE[place + 1 :]
    # The last character of unpadded base64 has bits that stand for nothing, but a signature is compared as text.
    assert (sign_in_attempts.read_cookie("root", changed, NOW) is None) == (changed != COOKIE)


@given(st.text())
def test_any_other_text_is_no_cookie_of_either_kind(text: str) -> None:
    assert sign_in_attempts.read_cookie("root", text, NOW) is None
    assert session_cookies.is_cookie(text) is bool(re.fullmatch(r"[A-Za-z0-9_-]{43}", text))


@given(st.text())
def test_only_the_attempts_own_state_belongs_to_it(state: str) -> None:
    assert ATTEMPT.has_state(state) is (state == ATTEMPT.state)


def test_two_attempts_have_nothing_in_common() -> None:
    one, first = sign_in_attempts.begin("root", NOW, lambda count: b"a" * count)
    other, second = sign_in_attempts.begin("root", NOW, lambda count: b"b" * count)
    assert first != second
    assert not {one.state, one.nonce, one.verifier, one.digest} & {
        other.state,
        other.nonce,
        other.verifier,
        other.digest,
    }


@given(st.text(st.characters(codec="utf-8")))
def test_only_the_cookies_holder_reads_what_the_session_holds(text: str) -> None:
    cookie, other = session_cookies.new_cookie(), session_cookies.new_cookie()
    encrypted = session_cookies.encrypt(cookie, text)
    assert session_cookies.decrypt(cookie, encrypted) == text
    assert session_cookies.decrypt(other, encrypted) is None
    assert session_cookies.digest(cookie) not in (cookie, session_cookies.digest(other))


@pytest.mark.parametrize("changed", ["", "x", "ü", "A" * 80])
def test_what_was_not_encrypted_here_is_not_read(changed: str) -> None:
    assert session_cookies.decrypt(session_cookies.new_cookie(), changed) is None
