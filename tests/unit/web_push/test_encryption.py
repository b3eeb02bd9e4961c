"""RFC 8291: its own example, and what a browser reads."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.push_notices import MAX_NOTICE
from partyline.web_push.encryption import BrowserKeys, encrypt, encrypt_record
from tests.support.push_service import PushBrowser, decrypt, from_text, to_text

BROWSER = PushBrowser()
KEYS = BrowserKeys(BROWSER.p256dh, BROWSER.auth)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_text(text)), ec.SECP256R1())


def test_the_example_of_the_rfc() -> None:
    """RFC 8291, section 5 and appendix A."""
    own = private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    browser = PushBrowser(
        private=private_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), auth=from_text("BTBZMqHH6r4Tts7J_aSIgg")
    )
    assert to_text(browser.p256dh) == (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    content = b"When I grow up, I want to be a watermelon"
    keys = BrowserKeys(browser.p256dh, browser.auth)
    body = encrypt_record(content + b"\x02", keys, own, from_text("DGv6ra1nlYgDCS1FRnbzlw"))
    assert to_text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert decrypt(body, browser.private, browser.auth) == content


@given(st.binary(max_size=MAX_NOTICE).filter(lambda content: not content.endswith(b"\0")))
def test_a_browser_reads_what_was_written_and_every_body_is_of_one_size(content: bytes) -> None:
    body = encrypt(content, KEYS)
    assert decrypt(body, BROWSER.private, BROWSER.auth) == content
    assert len(body) == 16 + 4 + 1 + 65 + MAX_NOTICE + 1 + 16 < 3000


def test_nothing_of_two_bodies_is_the_same() -> None:
    first, second = encrypt(b"hello", KEYS), encrypt(b"hello", KEYS)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert first[86:] != second[86:]


def test_nobody_else_reads_it() -> None:
    body = encrypt(b"hello", KEYS)
    with pytest.raises(InvalidTag):
        decrypt(body, PushBrowser().private, BROWSER.auth)
    with pytest.raises(InvalidTag):
        decrypt(body, BROWSER.private, b"fedcba9876543210")
    with pytest.raises(InvalidTag):
        decrypt(body[:-1] + bytes([body[-1] ^ 1]), BROWSER.private, BROWSER.auth)
