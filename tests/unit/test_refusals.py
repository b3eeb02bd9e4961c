"""The texts of refusals that client programs may parse: Twilio's own, exact to the byte."""

from __future__ import annotations

import pytest

from partyline import refusals
from partyline.errors import ApiError

OWNER = "CH" + "0" * 32


@pytest.mark.parametrize(
    ("refused", "code", "status", "message"),
    [
        (refusals.unauthenticated(), 20003, 401, "Authenticate"),
        (refusals.not_found("/Conversations/x"), 20404, 404, "The requested resource /Conversations/x was not found"),
        (refusals.identity_not_acceptable(), 50211, 400, "Identity parameter not acceptable for this Participant"),
        (refusals.address_invalid("x", "why"), 50407, 400, "Invalid messaging binding address"),
        (refusals.address_is_proxy("x"), 50409, 400, "Participant address equals proxy address"),
        (refusals.address_empty(), 50411, 400, "Participant address is empty"),
        (refusals.proxy_not_ours("x"), 50413, 400, "Account is not authorized to use proxy address"),
        (
            refusals.pair_taken(OWNER),
            50416,
            409,
            f"A binding for this participant and proxy address already exists in Conversation {OWNER}",
        ),
        (refusals.participants_over_limit(1), 50417, 400, "Participants limit exceeded"),
        (refusals.bound_over_limit(1), 50418, 400, "Non-chat participants limit exceeded"),
        (
            refusals.participant_json_invalid(1, "why"),
            50424,
            400,
            "One of the JSON requests for participant creation is invalid",
        ),
        (refusals.too_many_participants(1), 50426, 400, "Request contains too many participants"),
        (refusals.participant_exists("x"), 50433, 409, "Participant already exists"),
        (refusals.projected_missing("x"), 50434, 400, "Participant projected address not provided"),
        (refusals.group_invalid("why"), 50435, 400, "Group MMS activation failed"),
        (refusals.group_over_limit(1), 50436, 400, "Participant limit exceeded for group conversation"),
        (refusals.group_participant_exists("x"), 50437, 409, "Group Participant already exists"),
        (
            refusals.group_taken(OWNER),
            50438,
            409,
            f"Group MMS with given participant list already exists as Conversation {OWNER}",
        ),
        (refusals.projected_not_ours("x"), 50439, 400, "Account is not authorized to use the projected address"),
        (refusals.proxy_not_removed(), 50440, 400, "Failed to remove a proxy address"),
        (refusals.proxy_not_added(), 50441, 400, "Failed to add a proxy address"),
        (refusals.projected_not_removed("why"), 50442, 400, "Failed to remove a projected address"),
        (refusals.projected_not_added(), 50443, 400, "Failed to add a projected address"),
        (refusals.identity_not_added(), 50444, 400, "Failed to add an identity to a participant"),
        (refusals.author_not_in_group("x"), 50513, 400, "Message author should be among Group MMS participants"),
    ],
)
def test_the_text_of_a_refusal_is_twilios(refused: ApiError, code: int, status: int, message: str) -> None:
    assert (refused.code, refused.status, refused.message) == (code, status, message)
