"""Push subscriptions: of a person alone, each browser once, for a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from partyline.domain import sids
from partyline.http_client import Policy, parse_networks
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import push_subscriptions, services
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock
from tests.support.files import Files
from tests.support.people import SERVICE, acting, administrator, another_service, staff
from tests.support.push_service import PushBrowser, to_text

KEY = PushBrowser().p256dh
POLICY = Policy(networks=parse_networks("127.0.0.0/8"))


@pytest.fixture
def api(api: Api) -> Api:
    return replace(api, context=replace(api.context, push_key=lambda: KEY, policy=POLICY))


@pytest.fixture
def ann(api: Api) -> Api:
    return staff(api, "ann")


def endpoints(who: Api) -> list[str]:
    return [one["endpoint"] for one in who.get("/PushSubscriptions").body["push_subscriptions"]]


def browser(name: str) -> PushBrowser:
    return PushBrowser(f"https://push.example/send/{name}")


def test_a_subscription_has_every_documented_member(ann: Api) -> None:
    form = browser("ann").form("mine")
    made = ann.made("/PushSubscriptions", form)
    assert sids.matches("WP", made["sid"])
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "identity": "ann",
        "endpoint": "https://push.example/send/ann",
        "scope": "mine",
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "date_expires": "2026-11-29T12:00:00Z",
        "url": f"{BASE}/v1/PushSubscriptions/{made['sid']}",
    }
    assert ann.get(f"/PushSubscriptions/{made['sid']}").body == made
    assert ann.get("/PushSubscriptions").body == {"push_subscriptions": [made]}
    # The keys by which a browser reads are told to nobody.
    assert form["Auth"] not in str(made)


def test_the_key_with_which_browsers_subscribe(api: Api, ann: Api) -> None:
    assert ann.get("/PushSubscriptions/Key").body == {"public_key": to_text(KEY)}
    assert api.get("/PushSubscriptions/Key").status == 403
    assert replace(ann, context=replace(ann.context, push_key=None)).get("/PushSubscriptions/Key").status == 404


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"Endpoint": "http://push.example/x"}, "Endpoint: it is no https URL"),
        ({"Endpoint": "https://10.0.0.1/x"}, "Endpoint: it has an address that is not public"),
        ({"Endpoint": ""}, "Endpoint: it is no URL"),
        ({"P256dh": ""}, "P256dh: it is not a public key of P-256 in base64url"),
        ({"P256dh": to_text(b"\x04" + bytes(64))}, "P256dh: it is not a public key of P-256 in base64url"),
        ({"Auth": to_text(bytes(15))}, "Auth: it is not 16 bytes in base64url"),
        ({"Auth": "+" * 22}, "Auth: it is not 16 bytes in base64url"),
        ({"Scope": "some"}, "Scope: use mine, all"),
    ],
)
def test_what_is_no_subscription_is_refused(ann: Api, form: dict[str, str], message: str) -> None:
    reply = ann.post("/PushSubscriptions", {**browser("ann").form(), **form})
    assert (reply.status, reply.body["code"]) == (400, 20001)
    assert message in str(reply.body)
    assert endpoints(ann) == []


def test_a_local_address_is_taken_where_the_deployment_allows_its_network(ann: Api) -> None:
    ann.made("/PushSubscriptions", PushBrowser("http://127.0.0.1:9/send/ann").form())
    assert endpoints(ann) == ["http://127.0.0.1:9/send/ann"]


def test_subscriptions_are_for_staff_and_not_for_the_account(api: Api, ann: Api) -> None:
    form = browser("ann").form()
    sid = ann.made("/PushSubscriptions", form)["sid"]
    for who, code in ((api, 20403), (acting(api, "guest"), 50107), (administrator(api), 50107)):
        for reply in (
            who.post("/PushSubscriptions", form),
            who.get("/PushSubscriptions"),
            who.get(f"/PushSubscriptions/{sid}"),
            who.delete(f"/PushSubscriptions/{sid}"),
            who.get("/PushSubscriptions/Key"),
        ):
            assert (reply.status, reply.body["code"]) == (403, code)
    assert endpoints(ann) == ["https://push.example/send/ann"]


def test_nobody_else_sees_or_ends_them(api: Api, ann: Api) -> None:
    sid, ben = ann.made("/PushSubscriptions", browser("ann").form())["sid"], staff(api, "ben")
    assert endpoints(ben) == []
    assert ben.get(f"/PushSubscriptions/{sid}").status == 404
    assert ben.delete(f"/PushSubscriptions/{sid}").status == 404
    assert ben.get("/PushSubscriptions/WP1").status == 404
    assert ann.delete(f"/PushSubscriptions/{sid}").status == 204
    assert ann.delete(f"/PushSubscriptions/{sid}").status == 404
    assert endpoints(ann) == []


def test_a_browser_that_asks_again_has_another_week(ann: Api, clock: Clock) -> None:
    one = browser("ann")
    made = ann.made("/PushSubscriptions", one.form("mine"))
    clock.tick(days=6)
    again = acting(ann_account(ann), "ann").post("/PushSubscriptions", one.form("all"))
    assert again.status == 200
    assert again.body == {
        **made,
        "scope": "all",
        "date_updated": "2026-11-28T12:00:00Z",
        "date_expires": "2026-12-05T12:00:00Z",
    }
    clock.tick(days=7)
    later = acting(ann_account(ann), "ann")
    assert endpoints(later) == []
    assert later.get(f"/PushSubscriptions/{made['sid']}").status == 404
    # DynamoDB deletes late: what is still there is as good as gone.
    assert later.post("/PushSubscriptions", one.form()).status == 201


def ann_account(ann: Api) -> Api:
    """The account, beside the access token of a person."""
    return Api(ann.context)


def test_a_browser_belongs_to_who_asked_last(api: Api, ann: Api) -> None:
    """A computer that several people share."""
    shared, ben = browser("desk"), staff(api, "ben")
    ann.made("/PushSubscriptions", shared.form())
    assert ben.post("/PushSubscriptions", shared.form()).status == 201
    assert (endpoints(ann), endpoints(ben)) == ([], [shared.endpoint])


def test_of_too_many_browsers_those_that_have_not_asked_for_longest_are_forgotten(ann: Api, clock: Clock) -> None:
    for number in range(12):
        ann.made("/PushSubscriptions", browser(str(number)).form())
        clock.tick(seconds=60)
    assert endpoints(ann) == [browser(str(number)).endpoint for number in range(11, 1, -1)]


def test_the_service_says_until_when_there_are_any(ann: Api, clock: Clock) -> None:
    def until() -> datetime | None:
        service = services.fetch(ann.context.table, SERVICE)
        assert service
        return datetime.fromtimestamp(service.push_until, UTC) if service.push_until else None

    assert until() is None
    ann.made("/PushSubscriptions", browser("ann").form())
    first = until()
    assert first == datetime(2026, 11, 30, 12, tzinfo=UTC)
    # Many browsers write it once a day together.
    clock.tick(hours=20)
    fresh = acting(ann_account(ann), "ann")
    fresh.made("/PushSubscriptions", browser("other").form())
    assert until() == first
    clock.tick(hours=8)
    acting(ann_account(ann), "ann").made("/PushSubscriptions", browser("third").form())
    assert until() == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_they_go_with_the_user(api: Api, ann: Api, clock: Clock) -> None:
    ben = staff(api, "ben")
    for who, name in ((ann, "ann"), (ben, "ben")):
        who.made("/PushSubscriptions", browser(name).form())
    user = api.get("/Users/ann").body["sid"]
    assert api.delete("/Users/ann").status == 204
    cleaner = Cleaner(api.context.table, Files(), clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.USER, user, SERVICE, "ann", clock().timestamp()))
    assert push_subscriptions.list_of_service(api.context.table, SERVICE) == [
        push_subscriptions.sid_of(browser("ben").endpoint)
    ]


def test_they_go_with_the_service(api: Api, clock: Clock) -> None:
    other = another_service(api)
    role = api.made(
        f"/Services/{other}/Roles", [("FriendlyName", "s"), ("Type", "service"), ("Permission", "writeAsLine")]
    )
    api.made(f"/Services/{other}/Users", {"Identity": "ann", "RoleSid": role["sid"]})
    ann = acting(api, "ann", other)
    ann.made(f"/Services/{other}/PushSubscriptions", browser("ann").form())
    assert api.delete(f"/Services/{other}").status == 204
    cleaner = Cleaner(api.context.table, Files(), clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.SERVICE, other, at=clock().timestamp()))
    assert push_subscriptions.list_of_service(api.context.table, other) == []


def test_endpoints_are_no_paths(ann: Api) -> None:
    assert ann.get(f"/PushSubscriptions/{quote('https://push.example/send/ann', safe='')}").status == 404
