"""Who may join a conversation: every combination, and every refusal with its code, status and text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from partyline.domain import join_rules
from partyline.domain.conversations import threads_of
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.participants import Participant, ParticipantKind
from partyline.errors import ApiError
from partyline.refusals.violations import as_refusals

NOW = datetime(2026, 11, 22, tzinfo=UTC)
P, Q = "+12065550100", "+12065550101"
A, B, C = "+12065550150", "+12065550151", "+12065550152"


def members(*bindings: ParticipantBinding) -> list[Participant]:
    return [
        Participant(f"MB{number}", "CH1", NOW, NOW, b.identity, b.address, b.proxy_address, b.projected_address)
        for number, b in enumerate(bindings)
    ]


def message_of(refused: ApiError) -> str:
    """Message and reason, as a caller reads them."""
    return f"{refused.message}: {(refused.details or {}).get('reason', '')}"


@pytest.mark.parametrize(
    ("binding", "kind"),
    [
        (ParticipantBinding(address=A), ParticipantKind.NATIVE),
        (ParticipantBinding(projected_address=P), ParticipantKind.PROJECTED),
        (ParticipantBinding(identity="ann", projected_address=P), ParticipantKind.AGENT),
        (ParticipantBinding(identity="ann"), ParticipantKind.CHAT),
        (ParticipantBinding(address=A, proxy_address=P), ParticipantKind.MASKED),
    ],
)
def test_five_combinations_are_a_kind_of_participant(binding: ParticipantBinding, kind: ParticipantKind) -> None:
    join_rules.check_binding(binding, {P, Q})
    assert members(binding)[0].kind is kind


@pytest.mark.parametrize(
    ("binding", "code", "words"),
    [
        (ParticipantBinding(), 20001, "Identity"),
        (ParticipantBinding(address=A, projected_address=P), 50407, "not both"),
        (
            ParticipantBinding(identity="ann", address=A),
            50211,
            "Identity parameter not acceptable for this Participant",
        ),
        (ParticipantBinding(identity="ann", address=A, proxy_address=P), 50211, "Identity parameter not acceptable"),
        (ParticipantBinding(proxy_address=P), 50411, "Participant address is empty"),
        (ParticipantBinding(address=P, proxy_address=P), 50409, "Participant address equals proxy address"),
        (ParticipantBinding(address=P), 50407, "Invalid messaging binding address: it is one of your own numbers"),
        (ParticipantBinding(address="ann@example.com"), 50407, "Invalid messaging binding address"),
        (ParticipantBinding(address="alpha:AMAZON"), 50407, "Invalid messaging binding address"),
        (ParticipantBinding(address=A, proxy_address=B), 50413, "Account is not authorized to use proxy address"),
        (ParticipantBinding(projected_address=B), 50439, "Account is not authorized to use the projected address"),
    ],
)
def test_other_combinations_are_refused_and_say_why(binding: ParticipantBinding, code: int, words: str) -> None:
    with pytest.raises(ApiError) as refused, as_refusals():
        join_rules.check_binding(binding, {P, Q})
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert words in message_of(refused.value)


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        (ParticipantBinding(address=" "), 50411),
        (ParticipantBinding(address=A, proxy_address=""), 50412),
        (ParticipantBinding(address="+1" + "2" * 256), 50407),
    ],
)
def test_what_cannot_be_an_address_is_refused_before_it_is_read(binding: ParticipantBinding, code: int) -> None:
    with pytest.raises(ApiError) as refused, as_refusals():
        binding.canonical()
    assert refused.value.code == code


def test_a_binding_is_read_in_any_notation() -> None:
    assert ParticipantBinding(address="(206) 555-0150", proxy_address="12065550100").canonical() == ParticipantBinding(
        address=A, proxy_address=P
    )


AGENT, OTHER = (
    ParticipantBinding(identity="ann", projected_address=P),
    ParticipantBinding(identity="ben", projected_address=Q),
)
NATIVE_A, NATIVE_B, NATIVE_C = (
    ParticipantBinding(address=A),
    ParticipantBinding(address=B),
    ParticipantBinding(address=C),
)
CHAT = ParticipantBinding(identity="office")
MASKED = ParticipantBinding(address=A, proxy_address=P)


@pytest.mark.parametrize(
    "together",
    [
        [],
        [AGENT],
        [NATIVE_A, NATIVE_B],  # built member by member: the number comes last
        [AGENT, NATIVE_A],
        [AGENT, NATIVE_A, NATIVE_B],
        [AGENT, OTHER, NATIVE_A],
        [AGENT, NATIVE_A, CHAT],  # two parties by phone are no group yet
        [MASKED, ParticipantBinding(address=B, proxy_address=P), CHAT],
        [MASKED, ParticipantBinding(address=A, proxy_address=Q)],
        [OTHER, NATIVE_B, NATIVE_C, MASKED],
    ],
)
def test_sets_of_members_that_can_be_together(together: list[ParticipantBinding]) -> None:
    join_rules.check_members(members(*together), group_limit=10)


@pytest.mark.parametrize(
    ("together", "code", "status", "words"),
    [
        ([CHAT, CHAT], 50433, 409, "Participant already exists"),
        ([AGENT, ParticipantBinding(identity="ann", projected_address=Q)], 50433, 409, "Participant already exists"),
        ([NATIVE_A, NATIVE_A], 50437, 409, "Group Participant already exists"),
        ([AGENT, ParticipantBinding(projected_address=P)], 50437, 409, "Group Participant already exists"),
        ([MASKED, MASKED], 50416, 409, "already exists in Conversation CH1"),
        ([MASKED, NATIVE_A, AGENT], 50437, 409, "Group Participant already exists"),
        ([MASKED, NATIVE_A, NATIVE_B, OTHER], 50437, 409, "Group Participant already exists"),
        ([AGENT, NATIVE_A, NATIVE_B, CHAT], 50435, 400, "Group MMS activation failed: participant office"),
        (
            [AGENT, NATIVE_A, ParticipantBinding(address="+442071838750")],
            50407,
            400,
            "Invalid messaging binding address",
        ),
        ([AGENT, NATIVE_A, ParticipantBinding(address="+16715550150")], 50407, 400, "not GU"),
        ([AGENT, NATIVE_A, ParticipantBinding(address="97167")], 50407, 400, "Invalid messaging binding address"),
        (
            [AGENT, *(ParticipantBinding(address=f"+120655502{n:02}") for n in range(10))],
            50436,
            400,
            "Participant limit exceeded for group conversation",
        ),
        (
            [*(ParticipantBinding(address=f"+120655502{n:02}", proxy_address=P) for n in range(51))],
            50418,
            400,
            "Non-Chat participants limit exceeded",
        ),
        ([*(ParticipantBinding(identity=str(n)) for n in range(1001))], 50417, 400, "Participants limit exceeded"),
    ],
)
def test_sets_of_members_that_cannot(together: list[ParticipantBinding], code: int, status: int, words: str) -> None:
    with pytest.raises(ApiError) as refused, as_refusals():
        join_rules.check_members(members(*together), group_limit=10)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert words in message_of(refused.value)


@pytest.mark.parametrize(("together", "refused"), [([AGENT, NATIVE_A, NATIVE_B], True), ([AGENT, NATIVE_A], False)])
def test_an_identity_without_a_number_cannot_join_a_group(together: list[ParticipantBinding], refused: bool) -> None:
    if not refused:
        join_rules.check_chat_joins(CHAT, members(*together))
        return
    with pytest.raises(ApiError, match="Participant projected address not provided") as error, as_refusals():
        join_rules.check_chat_joins(CHAT, members(*together))
    assert (error.value.code, error.value.details) == (50434, {"identity": "office"})


def test_handsets_without_a_number_of_ours_are_no_whole_conversation() -> None:
    with pytest.raises(ApiError) as refused, as_refusals():
        join_rules.check_complete(members(NATIVE_A, NATIVE_B))
    assert refused.value.code == 50435
    assert "no participant has a projected address" in message_of(refused.value)
    join_rules.check_complete(members(NATIVE_A, NATIVE_B, AGENT))
    join_rules.check_complete(members(CHAT))


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        ([NATIVE_A, NATIVE_B, AGENT], {f"{P},{A},{B}"}),
        ([NATIVE_A, AGENT], {f"{P},{A}"}),
        ([NATIVE_A, AGENT, OTHER], {f"{P},{Q},{A}"}),
        ([MASKED, ParticipantBinding(address=B, proxy_address=Q)], {f"{P},{A}", f"{Q},{B}"}),
        ([CHAT], set()),
        ([NATIVE_A], set()),
        ([AGENT], set()),
    ],
)
def test_the_threads_of_a_conversation_follow_from_its_members(
    together: list[ParticipantBinding], expected: set[str]
) -> None:
    assert threads_of(members(*together)) == expected
