"""SIDs: their form, their order, and those that follow from what they name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import sids

INDEXES = st.integers(0, 16**10 - 1)


@given(INDEXES, INDEXES)
def test_messages_sort_by_index(one: int, other: int) -> None:
    first, second = sids.message(one), sids.message(other)
    assert sids.matches("IM", first)
    if one != other:
        assert (first < second) == (one < other)
    assert first.startswith(sids.message_prefix(one))


@given(st.sampled_from(["NT", "IM"]), INDEXES, INDEXES)
def test_what_stands_between_messages_sorts_by_their_index(prefix: str, one: int, other: int) -> None:
    first, second = sids.between_messages(prefix, one), sids.between_messages(prefix, other)
    assert sids.matches(prefix, first)
    assert (sids.index_of(first), sids.index_of(sids.message(other))) == (one, other)
    if one != other:
        assert (first < second) == (one < other)


def test_several_are_in_order_and_differ() -> None:
    made = sids.new_many("MB", 50)
    assert made == sorted(set(made))
    assert all(sids.matches("MB", sid) for sid in made)


def test_a_receipts_sid_follows_from_message_thread_and_recipient() -> None:
    one = sids.receipt("IM1", "thread", "+12065550150")
    assert one == sids.receipt("IM1", "thread", "+12065550150")
    assert sids.matches("DY", one)
    others = {sids.receipt("IM2", "thread", "+12065550150"), sids.receipt("IM1", "other", "+12065550150")}
    assert one not in others | {sids.receipt("IM1", "thread", "+12065550151")}


def test_twilios_ids_stay_and_others_get_their_form() -> None:
    own = "SM" + "a" * 32
    assert sids.channel_message("twilio", own, "+12065550150") == own
    made = {sids.channel_message("telnyx", "4031-uuid", address) for address in ("+12065550150", "+12065550151")}
    assert len(made) == 2
    assert all(sids.matches("SM", sid) for sid in made)


def test_the_default_service_is_the_accounts_own() -> None:
    assert sids.matches("IS", sids.default_service("AC1"))
    assert sids.default_service("AC1") != sids.default_service("AC2")


def test_a_sid_has_its_kind_and_32_hexadecimal_digits() -> None:
    assert sids.matches("CH", "CH" + "0aF" * 10 + "00")
    for wrong in ("", "CH", "CH" + "g" * 32, "IM" + "0" * 32, "CH" + "0" * 33, "CH" + "0" * 32 + "\n"):
        assert not sids.matches("CH", wrong)
