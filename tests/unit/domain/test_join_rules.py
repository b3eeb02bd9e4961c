"""Who may join a conversation: every combination, and every refusal with its code, status and text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from partyline.domain import join_rules
from partyline.domain.conversations import threads_of
from partyline.domain.join_rules import Binding
from partyline.domain.participants import Participant, ParticipantKind
from partyline.errors import ApiError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
P, Q = "+12065550100", "+12065550101"
A, B, C = "+12065550150", "+12065550151", "+12065550152"


def members(*bindings: Binding) -> list[Participant]:
    return [
        Participant(f"MB{number}", "CH1", NOW, NOW, b.identity, b.address, b.proxy_address, b.projected_address)
        for number, b in enumerate(bindings)
    ]


def told(refused: ApiError) -> str:
    """Message and reason, as a caller reads them."""
    return f"{refused.message}: {(refused.details or {}).get('reason', '')}"


@pytest.mark.parametrize(
    ("binding", "kind"),
    [
        (Binding(address=A), ParticipantKind.NATIVE),
        (Binding(projected_address=P), ParticipantKind.PROJECTED),
        (Binding(identity="ann", projected_address=P), ParticipantKind.AGENT),
        (Binding(identity="ann"), ParticipantKind.CHAT),
        (Binding(address=A, proxy_address=P), ParticipantKind.MASKED),
    ],
)
def test_five_combinations_are_a_kind_of_participant(binding: Binding, kind: ParticipantKind) -> None:
    join_rules.check_binding(binding, {P, Q})
    assert members(binding)[0].kind is kind


@pytest.mark.parametrize(
    ("binding", "code", "words"),
    [
        (Binding(), 20001, "Identity"),
        (Binding(address=A, projected_address=P), 50407, "not both"),
        (Binding(identity="ann", address=A), 50211, "Identity parameter not acceptable for this Participant"),
        (Binding(identity="ann", address=A, proxy_address=P), 50211, "Identity parameter not acceptable"),
        (Binding(proxy_address=P), 50411, "Participant address is empty"),
        (Binding(address=P, proxy_address=P), 50409, "Participant address equals proxy address"),
        (Binding(address=P), 50407, "Invalid messaging binding address: it is one of your own numbers"),
        (Binding(address="ann@example.com"), 50407, "Invalid messaging binding address"),
        (Binding(address="alpha:AMAZON"), 50407, "Invalid messaging binding address"),
        (Binding(address=A, proxy_address=B), 50413, "Account is not authorized to use proxy address"),
        (Binding(projected_address=B), 50439, "Account is not authorized to use the projected address"),
    ],
)
def test_other_combinations_are_refused_and_say_why(binding: Binding, code: int, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        join_rules.check_binding(binding, {P, Q})
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert words in told(refused.value)


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        (Binding(address=" "), 50411),
        (Binding(address=A, proxy_address=""), 50412),
        (Binding(address="+1" + "2" * 256), 50407),
    ],
)
def test_what_cannot_be_an_address_is_refused_before_it_is_read(binding: Binding, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        binding.canonical()
    assert refused.value.code == code


def test_a_binding_is_read_in_any_notation() -> None:
    assert Binding(address="(206) 555-0150", proxy_address="12065550100").canonical() == Binding(
        address=A, proxy_address=P
    )


AGENT, OTHER = Binding(identity="ann", projected_address=P), Binding(identity="ben", projected_address=Q)
NATIVE_A, NATIVE_B, NATIVE_C = Binding(address=A), Binding(address=B), Binding(address=C)
CHAT = Binding(identity="office")
MASKED = Binding(address=A, proxy_address=P)


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
        [MASKED, Binding(address=B, proxy_address=P), CHAT],
        [MASKED, Binding(address=A, proxy_address=Q)],
        [OTHER, NATIVE_B, NATIVE_C, MASKED],
    ],
)
def test_sets_of_members_that_can_be_together(together: list[Binding]) -> None:
    join_rules.check_members(members(*together), group_limit=10)


@pytest.mark.parametrize(
    ("together", "code", "status", "words"),
    [
        ([CHAT, CHAT], 50433, 409, "Participant already exists"),
        ([AGENT, Binding(identity="ann", projected_address=Q)], 50433, 409, "Participant already exists"),
        ([NATIVE_A, NATIVE_A], 50437, 409, "Group Participant already exists"),
        ([AGENT, Binding(projected_address=P)], 50437, 409, "Group Participant already exists"),
        ([MASKED, MASKED], 50416, 409, "already exists in Conversation CH1"),
        ([MASKED, NATIVE_A, AGENT], 50437, 409, "Group Participant already exists"),
        ([MASKED, NATIVE_A, NATIVE_B, OTHER], 50437, 409, "Group Participant already exists"),
        ([AGENT, NATIVE_A, NATIVE_B, CHAT], 50435, 400, "Group MMS activation failed: participant office"),
        ([AGENT, NATIVE_A, Binding(address="+442071838750")], 50407, 400, "Invalid messaging binding address"),
        ([AGENT, NATIVE_A, Binding(address="+16715550150")], 50407, 400, "not GU"),
        ([AGENT, NATIVE_A, Binding(address="97167")], 50407, 400, "Invalid messaging binding address"),
        (
            [AGENT, *(Binding(address=f"+120655502{n:02}") for n in range(10))],
            50436,
            400,
            "Participant limit exceeded for group conversation",
        ),
        (
            [*(Binding(address=f"+120655502{n:02}", proxy_address=P) for n in range(51))],
            50418,
            400,
            "Non-Chat participants limit exceeded",
        ),
        ([*(Binding(identity=str(n)) for n in range(1001))], 50417, 400, "Participants limit exceeded"),
    ],
)
def test_sets_of_members_that_cannot(together: list[Binding], code: int, status: int, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        join_rules.check_members(members(*together), group_limit=10)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert words in told(refused.value)


@pytest.mark.parametrize(("together", "refused"), [([AGENT, NATIVE_A, NATIVE_B], True), ([AGENT, NATIVE_A], False)])
def test_an_identity_without_a_number_cannot_join_a_group(together: list[Binding], refused: bool) -> None:
    if not refused:
        join_rules.check_chat_joins(CHAT, members(*together))
        return
    with pytest.raises(ApiError, match="Participant projected address not provided") as error:
        join_rules.check_chat_joins(CHAT, members(*together))
    assert (error.value.code, error.value.details) == (50434, {"identity": "office"})


def test_handsets_without_a_number_of_ours_are_no_whole_conversation() -> None:
    with pytest.raises(ApiError) as refused:
        join_rules.check_complete(members(NATIVE_A, NATIVE_B))
    assert refused.value.code == 50435
    assert "no participant has a projected address" in told(refused.value)
    join_rules.check_complete(members(NATIVE_A, NATIVE_B, AGENT))
    join_rules.check_complete(members(CHAT))


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        ([NATIVE_A, NATIVE_B, AGENT], {f"{P},{A},{B}"}),
        ([NATIVE_A, AGENT], {f"{P},{A}"}),
        ([NATIVE_A, AGENT, OTHER], {f"{P},{Q},{A}"}),
        ([MASKED, Binding(address=B, proxy_address=Q)], {f"{P},{A}", f"{Q},{B}"}),
        ([CHAT], set()),
        ([NATIVE_A], set()),
        ([AGENT], set()),
    ],
)
def test_the_threads_of_a_conversation_follow_from_its_members(together: list[Binding], expected: set[str]) -> None:
    assert threads_of(members(*together)) == expected
