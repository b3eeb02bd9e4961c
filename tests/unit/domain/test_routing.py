"""Routing: which thread a text is in, who wrote it, and which sends a message becomes."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partyline.domain import routing, threads
from partyline.domain.conversations import threads_of
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.participants import Participant
from partyline.domain.sends import Send
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import ApiError
from partyline.refusals.violations import as_refusals

NOW = datetime(2026, 11, 22, tzinfo=UTC)
P, Q, R = "+12065550100", "+12065550101", "+12065550110"
A, B, C = "+12065550150", "+12065550151", "+12065550152"


def member(sid: str, **fields: str) -> Participant:
    return Participant(sid, "CH1", NOW, NOW, **fields)  # type: ignore[arg-type]  # only text fields are given


def line(address: str, auto_creation: AutoCreation) -> Line:
    return Line("LN1", address, "bandwidth", NOW, NOW, auto_creation)


AGENT = member("MB1", identity="agent", projected_address=P)
OTHER_AGENT = member("MB2", identity="other", projected_address=Q)
GATEWAY = member("MB3", projected_address=R)
ANN = member("MB4", address=A)
BEN = member("MB5", address=B)
MASKED_ANN = member("MB6", address=A, proxy_address=P)
MASKED_ANN_AT_Q = member("MB9", address=A, proxy_address=Q)
MASKED_CAT = member("MB7", address=C, proxy_address=Q)
CHAT = member("MB8", identity="office")


# --- inbound


@pytest.mark.parametrize(
    ("sender", "recipients", "own"),
    [
        (A, [P, B], P),
        (A, [B], P),  # our own number is not listed
        (A, [B, P, A], P),  # the sender is
        (A, ["2065550151", "(206) 555-0100"], "12065550100"),  # another notation
        (A, [B, B, P, "", ",", " "], P),  # repeats and empty entries
        ("206-555-0150", [P, B], P),
    ],
)
def test_roster_is_the_set_of_all_members(sender: str, recipients: list[str], own: str) -> None:
    arrived = routing.build_arrival(sender, recipients, own)
    assert arrived.thread == threads.build_key([A, B, P])
    assert arrived.sender == A
    assert arrived.line == P
    assert set(arrived.recipients) == {B, P}


def test_a_roster_keeps_short_codes_and_mail_as_what_they_are() -> None:
    arrived = routing.build_arrival(A, [P, "97167", "Bob@Example.com"], P)
    assert set(arrived.roster) == {A, P, "97167", "bob@example.com"}


@given(st.permutations([A, B, C, P, Q]), st.sampled_from([A, B, C]), st.sampled_from([P, Q]))
def test_who_writes_and_where_it_arrives_never_change_the_thread(roster: list[str], sender: str, own: str) -> None:
    recipients = [address for address in roster if address != sender]
    assert routing.build_arrival(sender, recipients, own).thread == threads.build_key([A, B, C, P, Q])


@pytest.mark.parametrize(
    ("lines", "own", "receivers"),
    [
        ((P,), {P, Q}, (P,)),
        ((P,), set(), (P,)),
        # Named is named, registered or not, and those that are come first.
        ((Q, P), {Q}, (Q, P)),
        ((Q, P), set(), (P, Q)),
        # Where nothing is named it is one of those that are ours.
        ((), {P}, (P,)),
        (("",), {P, Q, R}, (P, Q)),
        ((), set(), ()),
        ((), {A}, ()),
    ],
)
def test_the_receivers_are_those_that_are_named_or_else_known(
    lines: tuple[str, ...], own: set[str], receivers: tuple[str, ...]
) -> None:
    """C8."""
    arrived = routing.build_arrival(A, [P, Q, B], *lines).among(own)
    assert arrived.receivers == receivers
    assert arrived.line == (receivers[0] if receivers else "")
    assert arrived.thread == threads.build_key([A, B, P, Q])


OFF, ALL, GROUPS = AutoCreation.OFF, AutoCreation.ALL, AutoCreation.GROUPS


@pytest.mark.parametrize(
    ("sender", "recipients", "own", "lines", "expected"),
    [
        (A, [P], P, {P: ALL}, P),
        (A, [P], P, {P: GROUPS}, UnroutedReason.AUTO_CREATION_OFF),
        (A, [P], P, {P: OFF}, UnroutedReason.AUTO_CREATION_OFF),
        (A, [B, P], P, {P: GROUPS}, P),
        (A, [B, P], P, {P: ALL}, P),
        (A, [B, P], P, {P: OFF}, UnroutedReason.AUTO_CREATION_OFF),
        # Whichever copy comes first, one line that allows it is enough, and the lowest of those decides.
        (A, [P, Q], P, {P: OFF, Q: GROUPS}, Q),
        (A, [P, Q], Q, {P: OFF, Q: GROUPS}, Q),
        (A, [P, Q], P, {P: GROUPS, Q: ALL}, P),
        (A, [P, Q], Q, {Q: ALL, P: GROUPS}, P),
        (A, [B, P], P, {}, UnroutedReason.UNKNOWN_LINE),
        # M2: nor whether the number of this copy is registered.
        (A, [P, Q], P, {Q: ALL}, Q),
        (A, [P, Q], P, {Q: OFF}, UnroutedReason.AUTO_CREATION_OFF),
        (Q, [P], P, {Q: ALL}, UnroutedReason.UNKNOWN_LINE),
        # An echo, or another system's text from our number, never starts a conversation.
        (Q, [A, P], P, {P: ALL, Q: ALL}, UnroutedReason.OWN_SENDER),
        (Q, [P], P, {P: ALL, Q: ALL}, UnroutedReason.OWN_SENDER),
    ],
)
def test_unowned_text_creates_a_conversation_where_its_lines_allow_it(
    sender: str, recipients: list[str], own: str, lines: dict[str, AutoCreation], expected: str | UnroutedReason
) -> None:
    arrived = routing.build_arrival(sender, recipients, own)
    found = routing.find_line(arrived, {address: line(address, mode) for address, mode in lines.items()})
    assert (found.address if isinstance(found, Line) else found) == expected


@pytest.mark.parametrize(
    ("sender", "members", "thread", "expected"),
    [
        (A, [AGENT, ANN, BEN], {A, B, P}, ANN),
        (P, [AGENT, ANN, BEN], {A, B, P}, AGENT),
        (A, [MASKED_ANN, MASKED_CAT], {A, P}, MASKED_ANN),
        # One handset as two members: the thread decides which.
        (A, [MASKED_ANN, ANN, GATEWAY], {A, P}, MASKED_ANN),
        (A, [MASKED_ANN, ANN, GATEWAY], {A, R}, ANN),
        (C, [AGENT, ANN, BEN], {C, P}, None),
    ],
)
def test_the_author_is_the_member_who_wrote_from_that_thread(
    sender: str, members: list[Participant], thread: set[str], expected: Participant | None
) -> None:
    assert routing.find_author(sender, threads.build_key(thread), members) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("agent", AGENT), (P, AGENT), ("(206) 555-0110", GATEWAY), (R, GATEWAY), (A, ANN), ("nobody", None)],
)
def test_an_author_is_named_by_identity_or_by_number(name: str, expected: Participant | None) -> None:
    assert routing.find_writer(name, [AGENT, GATEWAY, ANN]) is expected


# --- outbound


def group_send(sender: str, natives: dict[str, str], others: tuple[str, ...] = ()) -> Send:
    return Send(threads.build_key([sender, *natives, *others]), sender, natives, others)


@pytest.mark.parametrize(
    ("members", "author", "arrived_on", "expected"),
    [
        # An agent's message goes once, to all members, from the agent's own number.
        ([AGENT, ANN, BEN], AGENT, None, [group_send(P, {A: "MB4", B: "MB5"})]),
        # Our other numbers are among the recipients, so that handsets see one thread.
        ([AGENT, OTHER_AGENT, ANN], AGENT, None, [group_send(P, {A: "MB4"}, (Q,))]),
        ([AGENT, OTHER_AGENT, ANN], OTHER_AGENT, None, [group_send(Q, {A: "MB4"}, (P,))]),
        # A handset's text reached the others by itself.
        ([AGENT, ANN, BEN], ANN, {A, B, P}, []),
        # Masked members get it from their proxies, and not their own.
        ([MASKED_ANN, MASKED_CAT], MASKED_ANN, {A, P}, [Send(threads.build_key([C, Q]), Q, {C: "MB7"})]),
        (
            [MASKED_ANN, MASKED_CAT, CHAT],
            CHAT,
            None,
            [Send(threads.build_key([A, P]), P, {A: "MB6"}), Send(threads.build_key([C, Q]), Q, {C: "MB7"})],
        ),
        # Group and masked members together: each thread once.
        (
            [GATEWAY, ANN, BEN, MASKED_CAT],
            BEN,
            {A, B, R},
            [Send(threads.build_key([C, Q]), Q, {C: "MB7"}, byline="#2")],
        ),
        (
            [GATEWAY, ANN, BEN, MASKED_CAT],
            MASKED_CAT,
            {C, Q},
            [replace(group_send(R, {A: "MB4", B: "MB5"}), byline="#3")],
        ),
        # No author gets their own text, behind any proxy, nor twice in one thread.
        ([MASKED_ANN, MASKED_ANN_AT_Q], MASKED_ANN, {A, P}, []),
        ([GATEWAY, ANN, BEN, MASKED_ANN], ANN, {A, B, R}, []),
        ([AGENT, ANN, MASKED_ANN], AGENT, None, [group_send(P, {A: "MB4"})]),
        # Nothing leaves a conversation of chat identities, or one without natives.
        ([CHAT], CHAT, None, []),
        ([AGENT, OTHER_AGENT], AGENT, None, []),
    ],
)
def test_a_message_goes_once_into_every_thread_but_the_one_it_came_by(
    members: list[Participant], author: Participant, arrived_on: set[str] | None, expected: list[Send]
) -> None:
    came_by = threads.build_key(arrived_on) if arrived_on else None
    assert list(routing.plan_sends(members, threads_of(members), author, came_by)) == expected


def test_a_thread_that_is_another_conversations_is_not_sent_into() -> None:
    assert routing.plan_sends([AGENT, ANN], [], AGENT) == ()


def test_a_send_asks_for_every_recipient_once() -> None:
    assert group_send(P, {B: "MB5", A: "MB4"}, (Q,)).recipients == (Q, A, B)


@pytest.mark.parametrize("author", [None, ANN, CHAT])
def test_a_group_shows_numbers_so_its_authors_need_one(author: Participant | None) -> None:
    with pytest.raises(ApiError) as refused, as_refusals():
        routing.check_author(author, "somebody", [AGENT, ANN, BEN])
    assert (refused.value.code, refused.value.status) == (50513, 400)
    assert refused.value.message == "Message author should be among Group MMS participants"


@pytest.mark.parametrize(
    ("author", "members"),
    [(AGENT, [AGENT, ANN, BEN]), (GATEWAY, [GATEWAY, ANN]), (None, [CHAT]), (None, [MASKED_ANN, CHAT])],
)
def test_members_with_a_number_and_all_outside_groups_may_write(
    author: Participant | None, members: list[Participant]
) -> None:
    routing.check_author(author, "somebody", members)


# --- recipients that it does not reach


def handset(number: int, address: str, proxy: str | None) -> Participant:
    return Participant(f"MB{number}", "CH1", NOW, NOW, address=address, proxy_address=proxy)


ROSTERS = st.tuples(
    st.dictionaries(st.sampled_from([A, B, C]), st.sampled_from([None, P, Q]), max_size=3),
    st.lists(st.sampled_from([AGENT, OTHER_AGENT, GATEWAY, CHAT]), unique=True, max_size=3),
).map(lambda drawn: [*(handset(20 + n, *one) for n, one in enumerate(drawn[0].items())), *drawn[1]])


@given(members=ROSTERS, data=st.data())
def test_every_handset_is_sent_to_has_it_already_or_is_named_as_unreached(
    members: list[Participant], data: st.DataObject
) -> None:
    """U1."""
    owned = data.draw(st.lists(st.sampled_from(sorted(threads_of(members)) or [""]), unique=True))
    author = data.draw(st.sampled_from([None, *members]))
    mine = [one for one in owned if author and author.address in threads.members_of(one)]
    # A handset writes by its carrier; the API writes for a masked one only.
    by_api = [] if author and author.address and not author.proxy_address else [None]
    arrived_on = data.draw(st.sampled_from([*by_api, *mine] or [None]))
    assume(arrived_on or by_api)
    sends = routing.plan_sends(members, owned, author, arrived_on)
    missed = routing.find_unreached(members, sends, author, arrived_on)
    sent = [sid for send in sends for sid in send.natives.values()]
    has_it = {author.address if author else None, *threads.members_of(arrived_on or "")}
    waiting = {one.sid for one in members if one.address and one.address not in has_it}
    assert sorted([*sent, *(one.participant.sid for one in missed)]) == sorted(waiting)
    # Two receipts of one message never have the same name.
    assert len({(one.thread, one.participant.address) for one in missed}) == len(missed)


@given(members=ROSTERS, data=st.data())
def test_who_may_write_reaches_every_native_once_the_threads_are_owned(
    members: list[Participant], data: st.DataObject
) -> None:
    """U1."""
    author = data.draw(st.sampled_from([None, *members]))
    with contextlib.suppress(ApiError), as_refusals():
        routing.check_author(author, "somebody", members)
        sends = routing.plan_sends(members, threads_of(members), author)
        assert not routing.find_unreached(members, sends, author)


@pytest.mark.parametrize("author", [None, ANN, MASKED_CAT, CHAT])
def test_handsets_without_a_number_of_ours_cannot_be_written_to(author: Participant | None) -> None:
    """U1."""
    with pytest.raises(ApiError) as refused, as_refusals():
        routing.check_author(author, "somebody", [ANN, BEN, MASKED_CAT, CHAT])
    assert refused.value.code == 50513
    assert "no participant has a projected address" in (refused.value.details or {})["reason"]
