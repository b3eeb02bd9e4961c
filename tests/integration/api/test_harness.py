"""What the harness stores for a test is what requests would have left."""

from __future__ import annotations

from typing import Any

from partyline.api.context import ApiContext
from partyline.storage import conversations
from tests.support.api_harness import A, Api, B, C, P, Q

# What tells two groups with other numbers apart, and how many steps made them.
OWN = {"sid", "conversation_sid", "url", "links", "messaging_binding", "participant_sid", "revision"}


def shown(api: Api, sid: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    conversation = api.get(f"/Conversations/{sid}").body
    members = api.get(f"/Conversations/{sid}/Participants").body["participants"]
    members.sort(key=lambda one: (one["identity"] or "", one["sid"]))
    message = api.say(sid).body
    bare = [{name: value for name, value in one.items() if name not in OWN} for one in (conversation, message)]
    return bare[0], [{name: value for name, value in one.items() if name not in OWN} for one in members], bare[1:]


def test_a_stored_group_is_what_requests_make(api: Api) -> None:
    asked = api.conversation()
    api.member(asked, identity="agent", projected=P)
    for native in (A, B):
        api.member(asked, address=native)
    stored = api.group(A, C, own=Q)
    assert shown(api, stored) == shown(api, asked)
    assert threads(api.context, stored) == {frozenset({A, C, Q})}
    assert threads(api.context, asked) == {frozenset({A, B, P})}
    assert {one["conversation_sid"] for one in api.get("/Users/agent/Conversations").body["conversations"]} == {
        asked,
        stored,
    }


def threads(context: ApiContext, sid: str) -> set[frozenset[str]]:
    roster = conversations.load(context.table, sid)
    assert roster
    owned = {thread for thread in roster.conversation.threads if conversations.find_owner(context.table, thread) == sid}
    return {frozenset(thread.split(",")) for thread in owned}
