"""What people with `manageLines` see and change: lines, opt-outs and unrouted texts, and nothing of another Service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.inbound import recorder
from partyline.storage import unrouted
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, Clock, P, Q, Racing, Reply, T, consult_no_webhook
from tests.support.people import SERVICE, acting, another_service, staff

NEW = "+12065550199"


@pytest.fixture
def dana(api: Api) -> Api:
    """Somebody who manages lines."""
    return staff(api, "dana", "manageLines", "viewAnyConversation")


@pytest.fixture
def other(api: Api) -> str:
    """Another Service, in which the texts to Q make conversations."""
    sid = another_service(api)
    form = {"Type": "sms", "Address": Q, "AutoCreation.Enabled": "true", "AutoCreation.ConversationServiceSid": sid}
    api.made("/Configuration/Addresses", form)
    return sid


def lacks(reply: Reply) -> bool:
    return (reply.error[:2], reply.body["details"]) == ((403, 50107), {"missing": ["manageLines"]})


def store_text(api: Api, name: str, line: str, reason: UnroutedReason = UnroutedReason.AUTO_CREATION_OFF) -> str:
    sid = sids.derive(sids.UNROUTED, name)
    text = UnroutedText(sid, "bandwidth", name, reason, api.context.clock(), line, A, (line, B), name)
    api.context.table.write(unrouted.put_write(text))
    return sid


def numbers(reply: Reply) -> list[str]:
    return [line["address"] for line in reply.body["lines"]]


# --- who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Lines?View=all"),
        ("POST", f"/Lines/{P}"),
        ("GET", "/OptOuts"),
        ("POST", "/OptOuts"),
        ("GET", "/OptOuts/OO1"),
        ("POST", "/OptOuts/OO1"),
        ("GET", "/OptOuts/OO1/Events"),
        ("GET", "/UnroutedTexts"),
        ("GET", "/UnroutedTexts/UT1"),
        ("POST", "/UnroutedTexts/UT1"),
        ("DELETE", "/UnroutedTexts/UT1"),
    ],
)
def test_it_takes_the_permission(api: Api, method: str, path: str) -> None:
    eli = staff(api, "eli", "manageContacts", "manageService", "viewAnyConversation", "writeAsLine")
    path, _, query = path.partition("?")
    assert lacks(eli.call(method, path, dict([query.split("=")]) if query else {}))


def test_it_holds_in_the_default_service_only(api: Api) -> None:
    other = another_service(api)
    form = [("FriendlyName", "x"), ("Type", "service"), ("Permission", "manageLines")]
    role = api.made(f"/Services/{other}/Roles", form)["sid"]
    api.made(f"/Services/{other}/Users", {"Identity": "dana", "RoleSid": role})
    dana = acting(api, "dana", other)
    assert dana.get("/OptOuts").error[:2] == (403, 20403)
    assert dana.get(f"/Services/{other}/Lines", {"View": "all"}).error[:2] == (403, 50107)
    assert dana.get(f"/Services/{other}/OptOuts").status == 404
    # A line of theirs is shown as to everyone.
    assert dana.get(f"/Services/{other}/Lines/{P}").body["users"] is None
    api.post("/Configuration", {"DefaultChatServiceSid": other})
    assert dana.get("/OptOuts").status == 200


def test_keys_and_new_lines_stay_the_accounts(dana: Api) -> None:
    assert dana.post("/Lines", {"Address": NEW, "Carrier": "telnyx"}).error[:2] == (403, 50107)
    assert dana.delete(f"/Lines/{P}").error[:2] == (403, 50107)
    assert dana.get("/Keys").error[:2] == (403, 50107)
    for form in ({"Carrier": "telnyx"}, {"Rate": "5"}):
        assert dana.post(f"/Lines/{P}", form).error[:2] == (403, 50107)


# --- lines


def test_all_lines_are_shown_where_that_is_asked_for(api: Api, dana: Api) -> None:
    api.post(f"/Lines/{P}", [("Users", "dana"), ("SmsPrice", "0.01")])
    api.post(f"/Lines/{Q}", {"Users": "eli"})
    assert P in numbers(dana.get("/Lines")) and Q not in numbers(dana.get("/Lines"))
    assert numbers(dana.get("/Lines", {"View": "all"})) == numbers(api.get("/Lines"))
    assert dana.get(f"/Lines/{Q}").body["users"] == ["eli"]
    assert dana.get("/Lines", {"View": "some"}).error[:2] == (400, 20001)
    assert dana.get("/Lines", {"View": "all", "PageSize": "1"}).body["lines"][0] == api.get(f"/Lines/{P}").body


def test_a_line_is_changed(api: Api, dana: Api) -> None:
    form = {
        "Label": "Front desk",
        "FriendlyName": "Elm Street",
        "AutoCreation": "off",
        "SmsPrice": "0.02",
        "MmsPrice": "0.03",
        "Replies": '{"help": "Call us."}',
        "Users": "eli",
    }
    changed = dana.post(f"/Lines/{P}", form).body
    assert changed == api.get(f"/Lines/{P}").body
    assert (changed["label"], changed["auto_creation"], changed["mms_price"]) == ("Front desk", "off", "0.03")
    assert (changed["users"], changed["replies"]) == (["eli"], {"help": "Call us."})
    # To manage a line is not to write as it.
    assert P not in numbers(dana.get("/Lines"))


def test_people_see_and_set_the_users_of_their_service(api: Api, dana: Api) -> None:
    other = another_service(api)
    api.post(f"/Lines/{P}", [("Users", "ann"), ("Users", f"{other}/bob"), ("Users", f"{SERVICE}/*")])
    assert dana.get(f"/Lines/{P}").body["users"] == ["ann", f"{SERVICE}/*"]
    assert dana.post(f"/Lines/{P}", {"Users": "eli"}).body["users"] == ["eli"]
    assert api.get(f"/Lines/{P}").body["users"] == ["eli", f"{other}/bob"]
    assert dana.post(f"/Lines/{P}", {"Users": ""}).body["users"] == []
    assert api.get(f"/Lines/{P}").body["users"] == [f"{other}/bob"]
    for user in (f"{other}/bob", f"{other}/*", "*", f"IS{'0' * 32}/x"):
        refused = dana.post(f"/Lines/{P}", {"Users": user})
        assert refused.error[:2] == (403, 50107)
        assert SERVICE in refused.body["details"]["reason"]
    assert api.get(f"/Lines/{P}").body["users"] == [f"{other}/bob"]


def test_who_takes_a_line_from_everyone_leaves_it_to_other_services(api: Api, dana: Api) -> None:
    other = another_service(api)
    assert dana.get(f"/Lines/{P}").body["users"] == ["*"]
    assert dana.post(f"/Lines/{P}", {"Users": "*", "Label": "x"}).body["users"] == ["*"]
    assert dana.post(f"/Lines/{P}", {"Users": f"{SERVICE}/*"}).body["users"] == [f"{SERVICE}/*"]
    assert api.get(f"/Lines/{P}").body["users"] == [f"{SERVICE}/*", f"{other}/*"]


def test_the_users_of_all_services_are_counted(api: Api, dana: Api) -> None:
    other = another_service(api)
    api.post(f"/Lines/{P}", [("Users", f"{other}/user {number}") for number in range(99)])
    assert dana.post(f"/Lines/{P}", {"Users": "eli"}).status == 200
    refused = dana.post(f"/Lines/{P}", [("Users", "eli"), ("Users", "ann")])
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Users"})


def test_users_that_another_one_set_meanwhile_stay(api: Api, dana: Api, table: Table) -> None:
    other = another_service(api)
    give = Racing(table, 1, "line", lambda: api.post(f"/Lines/{P}", [("Users", f"{other}/bob"), ("Users", "ann")]))
    assert replace(dana, context=replace(api.context, table=give)).post(f"/Lines/{P}", {"Users": "eli"}).status == 409
    assert api.get(f"/Lines/{P}").body["users"] == [f"{other}/bob", "ann"]


def test_a_line_of_another_service_stays_the_accounts(api: Api, dana: Api, other: str) -> None:
    assert numbers(dana.get("/Lines", {"View": "all"})) == [line for line in numbers(api.get("/Lines")) if line != Q]
    # They may use it still, as everyone.
    assert dana.get(f"/Lines/{Q}").body["users"] is None
    assert dana.post(f"/Lines/{Q}", {"Label": "mine"}).error[:2] == (403, 50107)
    api.post(f"/Lines/{Q}", {"Users": f"{other}/*"})
    assert dana.get(f"/Lines/{Q}").status == 404
    assert dana.post(f"/Lines/{Q}", {"Label": "mine"}).status == 404
    assert api.get(f"/Lines/{Q}").body["label"] is None


# --- opt-outs


def test_opt_outs_are_entered_listed_and_taken_back(api: Api, dana: Api, clock: Clock) -> None:
    made = dana.post("/OptOuts", {"Line": P, "Address": A, "Reason": "asked on the telephone"})
    assert made.status == 201
    assert dana.get("/OptOuts").body["opt_outs"] == [made.body]
    path = f"/OptOuts/{made.body['sid']}"
    clock.tick(minutes=1)
    assert dana.post(path, {"State": "opted_in", "Reason": "signed form"}).body["state"] == "opted_in"
    events = dana.get(f"{path}/Events").body["events"]
    assert [(one["source"], one["reason"]) for one in events] == [
        ("dana", "signed form"),
        ("dana", "asked on the telephone"),
    ]


def test_people_opt_nobody_in_who_sent_stop_without_a_reason(api: Api, dana: Api, table: Table, clock: Clock) -> None:
    stop = InboundText("bandwidth", "1", P, A, (P,), "STOP")
    recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(stop, clock())
    (known,) = dana.get("/OptOuts", {"Line": P}).body["opt_outs"]
    refused = dana.post(f"/OptOuts/{known['sid']}", {"State": "opted_in"})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Reason"})


@pytest.mark.usefixtures("other")
def test_opt_outs_of_a_line_of_another_service_are_not_there(api: Api, dana: Api) -> None:
    theirs = api.made("/OptOuts", {"Line": Q, "Address": A})["sid"]
    own = api.made("/OptOuts", {"Line": P, "Address": A})["sid"]
    for query in ({}, {"Address": A}, {"PageSize": "1"}):
        assert [one["sid"] for one in dana.get("/OptOuts", query).body["opt_outs"]] == [own]
    assert dana.get("/OptOuts", {"Line": Q}).body["opt_outs"] == []
    for reply in (
        dana.get(f"/OptOuts/{theirs}"),
        dana.post(f"/OptOuts/{theirs}", {"State": "opted_in"}),
        dana.get(f"/OptOuts/{theirs}/Events"),
    ):
        assert reply.status == 404
    refused = dana.post("/OptOuts", {"Line": Q, "Address": B})
    assert refused.error == dana.post("/OptOuts", {"Line": NEW, "Address": B}).error
    assert api.get(f"/OptOuts/{theirs}").body["state"] == "opted_out"


# --- unrouted texts


def test_unrouted_texts_are_listed_read_routed_and_deleted(api: Api, dana: Api) -> None:
    api.post(f"/Lines/{P}", {"AutoCreation": "off"})
    text, unknown = store_text(api, "one", P), store_text(api, "two", NEW, UnroutedReason.UNKNOWN_LINE)
    assert {one["sid"] for one in dana.get("/UnroutedTexts").body["unrouted_texts"]} == {text, unknown}
    assert dana.get(f"/UnroutedTexts/{text}").body["body"] == "one"
    assert dana.post(f"/UnroutedTexts/{text}").body["outcome"] == "unrouted"
    dana.post(f"/Lines/{P}", {"AutoCreation": "all"})
    routed = dana.post(f"/UnroutedTexts/{text}").body
    assert routed["outcome"] == "created"
    assert dana.get(f"/Conversations/{routed['conversation_sid']}/Messages").body["messages"][0]["body"] == "one"
    assert dana.delete(f"/UnroutedTexts/{unknown}").status == 204
    assert dana.get("/UnroutedTexts").body["unrouted_texts"] == []


@pytest.mark.usefixtures("other")
def test_texts_of_another_service_and_what_could_not_be_read_are_not_there(api: Api, dana: Api) -> None:
    hidden = [store_text(api, "theirs", Q), store_text(api, "raw", "", UnroutedReason.MALFORMED)]
    own = store_text(api, "own", T)
    assert [one["sid"] for one in dana.get("/UnroutedTexts").body["unrouted_texts"]] == [own]
    for sid in hidden:
        for reply in (
            dana.get(f"/UnroutedTexts/{sid}"),
            dana.post(f"/UnroutedTexts/{sid}"),
            dana.delete(f"/UnroutedTexts/{sid}"),
        ):
            assert reply.status == 404
    assert len(api.get("/UnroutedTexts").body["unrouted_texts"]) == 3


def test_a_conversation_of_another_service_that_takes_a_text_is_not_told(api: Api, dana: Api) -> None:
    other = another_service(api)
    there = api.made(f"/Services/{other}/Conversations")["sid"]
    form = {"MessagingBinding.Address": A, "MessagingBinding.ProxyAddress": P}
    api.made(f"/Services/{other}/Conversations/{there}/Participants", form)
    sid = sids.derive(sids.UNROUTED, "late")
    text = UnroutedText(sid, "bandwidth", "late", UnroutedReason.UNKNOWN_LINE, api.context.clock(), P, A, (P,), "late")
    api.context.table.write(unrouted.put_write(text))
    routed = dana.post(f"/UnroutedTexts/{sid}").body
    assert (routed["outcome"], routed["conversation_sid"], routed["message_sid"]) == ("recorded", None, None)
    assert api.get(f"/Services/{other}/Conversations/{there}/Messages").body["messages"][0]["body"] == "late"
