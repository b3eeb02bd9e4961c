"""A user's conversations: what is unread in them, what they are notified of, and leaving them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.errors import Conflict
from partyline.storage import conversations, memberships, messages
from partyline.storage.table import Page, Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, Clock, Counting, P, Q, Racing
from tests.support.people import SERVICE, acting, administrator, another_service

NOT_AN_INDEX = (400, 50421, "Invalid last read message index format: it is not an index of this conversation")


def mine(api: Api, identity: str = "ann") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.get(f"/Users/{identity}/Conversations").body["conversations"]
    return listed


def shared(api: Api, *identities: str, **form: str) -> str:
    """A conversation of some identities."""
    sid = api.conversation(**form)
    for identity in identities or ("ann", "bob"):
        api.member(sid, identity=identity)
    return sid


def of(conversation: str, identity: str = "ann") -> str:
    return f"/Users/{identity}/Conversations/{conversation}"


def unread(api: Api, conversation: str, identity: str = "ann") -> int | None:
    """What is unread, by itself and in the list, which say the same."""
    alone = api.get(of(conversation, identity)).body
    assert alone in mine(api, identity)
    count: int | None = alone["unread_messages_count"]
    return count


def read(api: Api, conversation: str, index: int | str) -> None:
    reply = api.post(of(conversation), {"LastReadMessageIndex": str(index)})
    assert reply.status == 200, reply.body
    assert reply.body == api.get(of(conversation)).body


def test_it_has_every_documented_member(api: Api, clock: Clock) -> None:
    timers = {"Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"}
    sid = api.conversation(UniqueName="u 1", FriendlyName="f", Attributes="[1]", State="active", **timers)
    clock.tick(seconds=30)
    member = api.member(sid, identity="ann")
    user = sids.user(SERVICE, "ann")
    url = f"{BASE}/v1/Users/{user}/Conversations/{sid}"
    expected = {
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "conversation_sid": sid,
        "unread_messages_count": None,
        "last_read_message_index": None,
        "participant_sid": member,
        "user_sid": user,
        "friendly_name": "f",
        "conversation_state": "active",
        "timers": {"date_inactive": "2026-11-22T12:01:30Z", "date_closed": "2026-11-22T12:10:30Z"},
        "attributes": "[1]",
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:30Z",
        "created_by": "system",
        "notification_level": "default",
        "unique_name": "u 1",
        "url": url,
        "links": {
            "participant": f"{BASE}/v1/Conversations/{sid}/Participants/{member}",
            "conversation": f"{BASE}/v1/Conversations/{sid}",
        },
    }
    for one, other in itertools.product(("ann", user), ("u%201", sid)):
        assert api.get(f"/Users/{one}/Conversations/{other}").body == expected
        assert mine(api, one) == [expected]
    assert api.follow(url).body == expected


def test_who_made_it_is_said_by_identity(api: Api) -> None:
    acting(api, "ann").conversation()
    assert [one["created_by"] for one in mine(api)] == ["ann"]


def test_they_are_listed_by_when_they_were_joined_page_by_page(api: Api, clock: Clock) -> None:
    made = [api.conversation() for _ in range(5)]
    for sid in (joined := [made[number] for number in (3, 0, 4, 1, 2)]):
        clock.tick(minutes=1)
        api.member(sid, identity="ann")
    shared(api, "bob")
    page = api.get("/Users/ann/Conversations", {"PageSize": "2"}).body
    assert page["meta"]["key"] == "conversations"
    seen = [one["conversation_sid"] for one in page["conversations"]]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [one["conversation_sid"] for one in page["conversations"]]
    assert seen == joined[::-1]
    assert api.get("/Users/ann/Conversations", {"PageSize": "100"}).body["meta"]["page_size"] == 50


def test_one_is_among_them_with_an_own_number_and_after_an_identity_was_handed_over(api: Api) -> None:
    group = api.group(A, B)
    assert [one["conversation_sid"] for one in mine(api, "agent")] == [group]
    assert api.post(f"/Conversations/{group}/Participants/agent", {"Identity": "ann"}).status == 200
    assert mine(api, "agent") == []
    assert api.get(of(group, "agent")).error[:2] == (404, 20404)
    assert [one["conversation_sid"] for one in mine(api)] == [group]


def test_what_one_takes_no_part_in_is_not_found(api: Api) -> None:
    theirs = shared(api, "bob")
    api.made("/Users", {"Identity": "ann"})
    for name in (theirs, "CH" + "0" * 32, "nothing", "%00", "%F0%9F%A6%86" * 900):
        path = of(name)
        for reply in (api.get(path), api.post(path, {"NotificationLevel": "muted"}), api.delete(path)):
            assert reply.error[:2] == (404, 20404)
    assert api.get(of(theirs, "bob")).body["notification_level"] == "default"
    assert mine(api) == []


def test_another_services_are_not_found_through_this_one(api: Api) -> None:
    other = another_service(api)
    ours = shared(api, "ann")
    theirs = api.made(f"/Services/{other}/Conversations")["sid"]
    api.made(f"/Services/{other}/Conversations/{theirs}/Participants", {"Identity": "ann"})
    for path in (of(theirs), f"/Services/{other}{of(ours)}"):
        for reply in (api.get(path), api.post(path, {"NotificationLevel": "muted"}), api.delete(path)):
            assert reply.error[:2] == (404, 20404)
    assert [one["conversation_sid"] for one in mine(api)] == [ours]
    [found] = api.get(f"/Services/{other}/Users/ann/Conversations").body["conversations"]
    assert found["conversation_sid"] == theirs
    assert found["url"].startswith(f"{BASE}/v1/Services/{other}/Users/")
    assert api.follow(found["url"]).body == found


# --- unread


def test_nothing_is_unread_before_a_horizon_and_then_what_lies_behind_it(api: Api) -> None:
    sid = shared(api)
    assert unread(api, sid) is None
    for _ in range(3):
        api.say(sid, author="bob")
    assert unread(api, sid) is None
    read(api, sid, 0)
    assert unread(api, sid) == 2
    read(api, sid, 2)
    assert unread(api, sid) == 0
    api.say(sid, author="bob")
    assert unread(api, sid) == 1
    for nothing in ("", "null"):
        read(api, sid, 1)
        read(api, sid, nothing)
        assert unread(api, sid) is None
    assert unread(api, sid, "bob") is None


@pytest.mark.parametrize("index", ["1", "-1", "1.0", "x", "²", "9" * 50])
def test_a_horizon_beyond_the_last_message_is_refused(api: Api, index: str) -> None:
    sid = shared(api)
    api.say(sid, author="bob")
    read(api, sid, 0)
    before = api.get(of(sid)).body
    form = {"NotificationLevel": "muted", "LastReadMessageIndex": index}
    assert api.post(of(sid), form).error == NOT_AN_INDEX
    assert api.get(of(sid)).body == before


def test_deleted_messages_are_not_unread(api: Api) -> None:
    sid = shared(api)
    said = [api.say(sid, author="bob").body["sid"] for _ in range(6)]
    read(api, sid, 2)
    assert unread(api, sid) == 3
    for gone, left in ((1, 3), (2, 3), (4, 2), (5, 1), (3, 0)):
        path = f"/Conversations/{sid}/Messages/{said[gone]}"
        assert api.delete(path).status == 204
        assert unread(api, sid) == left
        assert api.delete(path).status == 404
        assert unread(api, sid) == left
    api.say(sid, author="bob")
    assert unread(api, sid) == 1
    read(api, sid, 0)
    assert unread(api, sid) == 1


def test_a_message_that_two_delete_at_once_is_counted_once(api: Api, table: Table) -> None:
    sid = shared(api)
    said = [api.say(sid, author="bob").body["sid"] for _ in range(3)]
    read(api, sid, 0)
    path = f"/Conversations/{sid}/Messages/{said[1]}"
    racing = Api(replace(api.context, table=Racing(table, 1, "removed", lambda: api.delete(path))))
    assert racing.delete(path).status == 404
    assert unread(api, sid) == 1


@pytest.mark.usefixtures("instant_retries")
def test_a_deletion_under_way_elsewhere_is_waited_for(api: Api, table: Table) -> None:
    def underway() -> None:
        raise Conflict({})

    sid = shared(api)
    said = api.say(sid, author="bob").body["sid"]
    racing = Api(replace(api.context, table=Racing(table, 3, "removed", underway)))
    assert racing.delete(f"/Conversations/{sid}/Messages/{said}").status == 204


@dataclass
class Model:
    """What is unread, said naively: a list of what was sent, what is left of it, and how far it was read."""

    sent: list[Message] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    tapbacks: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    horizon: int | None = None

    def unread(self) -> int | None:
        return None if self.horizon is None else sum(index > self.horizon for index in self.left)

    def news(self) -> int | None:
        shown = self.left - self.tapbacks - self.own
        return None if self.horizon is None else sum(index > self.horizon for index in shown)


STEPS = st.lists(
    st.one_of(
        st.sampled_from([("send", 0), ("write", 0), ("react", 0)]),
        st.tuples(st.sampled_from(["delete", "read"]), st.integers(0, 20)),
        st.just(("forget", 0)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_is_unread_is_what_was_sent_behind_the_horizon_and_not_deleted(
    table: Table, clock: Clock, steps: list[tuple[str, int]]
) -> None:
    model = Model()
    blank = Conversation(sids.new(sids.CONVERSATION), SERVICE, clock(), clock())
    memberships.NewConversation(blank, [], clock()).store(table)
    for step, number in steps:
        stored = conversations.fetch(table, blank.sid)
        assert stored
        if step in ("send", "write", "react"):
            writer = "ann" if step == "write" else "bob"
            model.sent.append(send(table, stored, clock, writer, is_tapback=step == "react"))
            model.left.add(model.sent[-1].index)
            model.tapbacks |= {model.sent[-1].index} if step == "react" else set()
            model.own |= {model.sent[-1].index} if step == "write" else set()
        elif step == "delete" and model.sent:
            message = model.sent[number % len(model.sent)]
            removed = messages.remove(table, stored, messages.MessageWithReceipts(message, ()), clock())
            assert removed == (message.index in model.left)
            model.left.discard(message.index)
        elif step == "read" and model.sent:
            model.horizon = number % len(model.sent)
        elif step == "forget":
            model.horizon = None
        after = conversations.fetch(table, blank.sid)
        assert after
        assert messages.unread(table, after, model.horizon) == model.unread()
        assert messages.unread_news(table, after, model.horizon, "ann") == model.news()


def send(
    table: Table, conversation: Conversation, clock: Clock, writer: str = "bob", *, is_tapback: bool = False
) -> Message:
    index = conversation.last_index + 1
    message = Message(sids.message(index), conversation.sid, index, clock(), clock(), writer, "hello")
    table.transact(messages.recording_writes(Roster(conversation, ()), message, clock(), is_tapback=is_tapback))
    return message


def test_a_page_is_one_query_and_one_batch_and_a_count_for_each_with_deletions(api: Api, table: Table) -> None:
    made = [shared(api, "ann", "bob") for _ in range(6)]
    for sid in made:
        said = [api.say(sid, author="bob").body["sid"] for _ in range(3)]
        read(api, sid, 0)
        if sid in made[:2]:
            assert api.delete(f"/Conversations/{sid}/Messages/{said[1]}").status == 204
    read(api, made[1], 2)
    counting = Counting(table)
    listed = mine(Api(replace(api.context, table=counting)))
    assert [one["unread_messages_count"] for one in listed] == [2, 2, 2, 2, 0, 1]
    # The version of the settings, which every request begins with, and the user.
    assert counting.asked == ["get", "get", "query", "get_all", "count"]


# --- changes


def test_a_horizon_has_a_time(api: Api, clock: Clock) -> None:
    sid = shared(api)
    api.say(sid, author="bob")
    clock.tick(minutes=1)
    read(api, sid, 0)
    participant = f"/Conversations/{sid}/Participants/ann"
    assert api.get(participant).body["last_read_timestamp"] == "2026-11-22T12:01:00Z"
    assert api.get(participant).body["date_updated"] == "2026-11-22T12:01:00Z"
    assert api.post(of(sid), {"LastReadTimestamp": "2026-11-22T11:00:00Z"}).body["last_read_message_index"] == 0
    assert api.get(participant).body["last_read_timestamp"] == "2026-11-22T11:00:00Z"
    wrong = (400, 20001, "Invalid parameter LastReadTimestamp: it is not an ISO 8601 date")
    assert api.post(of(sid), {"LastReadMessageIndex": "0", "LastReadTimestamp": "noon"}).error == wrong
    assert api.get(participant).body["last_read_timestamp"] == "2026-11-22T11:00:00Z"


def test_notifications_are_muted_for_one_user_and_back(api: Api) -> None:
    sid = shared(api)
    assert api.post(of(sid), {"NotificationLevel": "Muted"}).body["notification_level"] == "muted"
    assert api.get(of(sid)).body["notification_level"] == mine(api)[0]["notification_level"] == "muted"
    assert api.get(of(sid, "bob")).body["notification_level"] == "default"
    for wrong in ("", "loud", "İ", "muted "):
        refused = api.post(of(sid), {"NotificationLevel": wrong, "LastReadTimestamp": "2026-11-22"})
        assert refused.error == (400, 50210, "Invalid notification level: use default or muted")
    assert api.get(of(sid)).body["notification_level"] == "muted"
    assert api.get(f"/Conversations/{sid}/Participants/ann").body["last_read_timestamp"] is None
    assert api.post(of(sid), {"NotificationLevel": "default"}).body["notification_level"] == "default"


def test_a_horizon_and_a_level_that_are_set_at_once_both_hold(api: Api, table: Table) -> None:
    sid = shared(api)
    api.say(sid, author="bob")
    racing = Api(replace(api.context, table=Racing(table, 1, "member", lambda: read(api, sid, 0))))
    assert racing.post(of(sid), {"NotificationLevel": "muted"}).status == 200
    after = api.get(of(sid)).body
    assert (after["notification_level"], after["last_read_message_index"]) == ("muted", 0)


def test_who_leaves_at_the_same_moment_does_not_come_back(api: Api, table: Table) -> None:
    sid = shared(api)
    racing = Api(replace(api.context, table=Racing(table, 1, "member", lambda: api.delete(of(sid)))))
    assert racing.post(of(sid), {"NotificationLevel": "muted"}).error[:2] == (404, 50432)
    assert mine(api) == []


@pytest.mark.usefixtures("instant_retries")
def test_a_change_of_the_member_under_way_elsewhere_is_waited_for(api: Api, table: Table) -> None:
    def underway() -> None:
        raise Conflict({})

    sid = shared(api)
    racing = Api(replace(api.context, table=Racing(table, 1, "member", underway)))
    assert racing.post(of(sid), {"NotificationLevel": "muted"}).body["notification_level"] == "muted"


def test_of_a_closed_conversation_nothing_changes(api: Api) -> None:
    sid = shared(api)
    api.say(sid, author="bob")
    api.post(f"/Conversations/{sid}", {"State": "closed"})
    before = api.get(of(sid)).body
    assert before["conversation_state"] == "closed"
    closed = (400, 50377, "Can't update conversation as it's in final closed state")
    assert api.post(of(sid), {"LastReadMessageIndex": "0"}).error == closed
    assert api.delete(of(sid)).error == closed
    assert api.get(of(sid)).body == before


def test_leaving_is_what_deleting_the_participant_is(api: Api) -> None:
    sid = shared(api, UniqueName="both")
    assert api.delete(of("both")).status == 204
    assert mine(api) == []
    assert api.get(of(sid)).error == (404, 20404, f"The requested resource {of(sid)} was not found")
    assert [one["identity"] for one in api.get(f"/Conversations/{sid}/Participants").body["participants"]] == ["bob"]
    assert api.get("/Users/ann").status == 200
    first, second = api.group(A, B), api.group(A, B, own=Q)
    api.member(second, identity="ann", projected=P)
    assert api.delete(of(second, "agent")).status == 204
    refused = api.say(second, author="ann")
    assert (refused.error[1], refused.body["details"]) == (50438, {"conversation_sid": first})


def test_an_identity_that_is_another_members_sid_leaves_by_itself(api: Api) -> None:
    sid = api.conversation()
    bob = api.member(sid, identity="bob")
    api.member(sid, identity=bob)
    assert api.delete(of(sid, bob)).status == 204
    assert [one["identity"] for one in api.get(f"/Conversations/{sid}/Participants").body["participants"]] == ["bob"]


# --- an index that is a moment behind


class Behind(Table):
    """A table whose indexes still hold what they held."""

    def __init__(self, inner: Table) -> None:
        super().__init__(inner._client, inner._name)
        self.held: Page | None = None

    def query(self, *given: Any, **named: Any) -> Page:
        if named.get("index") and self.held:
            return self.held
        page = super().query(*given, **named)
        self.held = page if named.get("index") else self.held
        return page


def test_a_list_is_of_now_though_the_index_be_a_moment_behind(api: Api, table: Table) -> None:
    muted, left, handed, deleted = shared(api), shared(api), api.group(A, B, own=P), shared(api)
    api.post(f"/Conversations/{handed}/Participants/agent", {"Identity": "ann"})
    behind = Api(replace(api.context, table=Behind(table)))
    assert len(mine(behind)) == 4
    api.post(of(muted), {"NotificationLevel": "muted"})
    api.delete(of(left))
    api.post(f"/Conversations/{handed}/Participants/ann", {"Identity": "eve"})
    api.delete(f"/Conversations/{deleted}")
    assert [(one["conversation_sid"], one["notification_level"]) for one in mine(behind)] == [(muted, "muted")]


# --- by chat identities


def test_a_person_reads_mutes_and_leaves_their_own(api: Api) -> None:
    sid = shared(api)
    api.say(sid, author="bob")
    ann = acting(api, "ann")
    assert mine(ann) == mine(api)
    assert ann.get(of(sid)).body == api.get(of(sid)).body
    form = {"NotificationLevel": "muted", "LastReadMessageIndex": "0"}
    assert ann.post(of(sid), form).body["unread_messages_count"] == 0
    assert ann.delete(of(sid)).status == 204
    assert mine(api) == []


def test_anothers_are_neither_seen_nor_changed(api: Api) -> None:
    sid = shared(api)
    ann, before = acting(api, "ann"), mine(api, "bob")
    for reply in (
        ann.get("/Users/bob/Conversations"),
        ann.get(of(sid, "bob")),
        ann.post(of(sid, "bob"), {"NotificationLevel": "muted"}),
        ann.delete(of(sid, "bob")),
    ):
        assert reply.error[:2] == (403, 50107)
    assert mine(api, "bob") == before


def test_an_administrator_sees_anothers_and_does_not_read_for_them(api: Api) -> None:
    sid = shared(api)
    boss = administrator(api)
    assert mine(boss, "ann") == mine(api)
    assert boss.get(of(sid)).status == 200
    assert boss.post(of(sid), {"NotificationLevel": "muted"}).error[:2] == (403, 50107)
    assert api.get(of(sid)).body["notification_level"] == "default"
    assert boss.delete(of(sid)).status == 204


def test_who_may_not_mute_may_still_read(api: Api) -> None:
    form = [("FriendlyName", "reader"), ("Type", "conversation"), ("Permission", "sendMessage")]
    reader = api.made("/Roles", form)["sid"]
    sid = api.conversation()
    api.member(sid, identity="ann", RoleSid=reader)
    api.say(sid, author="ann")
    ann = acting(api, "ann")
    refused = ann.post(of(sid), {"NotificationLevel": "muted", "LastReadMessageIndex": "0"})
    assert refused.error[:2] == (403, 50107)
    assert refused.body["details"] == {"missing": ["editNotificationLevel"]}
    assert api.get(of(sid)).body["last_read_message_index"] is None
    assert ann.post(of(sid), {"LastReadMessageIndex": "0"}).body["last_read_message_index"] == 0
