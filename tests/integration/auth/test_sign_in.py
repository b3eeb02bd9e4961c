"""Sign-in through the endpoint, with a provider that answers as OpenID Connect says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jwt
import pytest

from partyline.api.context import ApiContext
from partyline.auth import session_cookies, token_issuer
from partyline.domain import sids
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import Role, User, build_role
from partyline.domain.sign_in_sessions import SignInSession
from partyline.errors import TableThrottled
from partyline.media.bucket import Bucket
from partyline.realtime import audience
from partyline.storage import api_keys, keys, push_subscriptions, roles, services, sign_in_sessions, users
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.connections import Connection
from partyline.storage.table import Table, delete
from tests.support.api_harness import ACCOUNT, BASE, ROOT, Api, Racing, consult_no_webhook, proxy_event
from tests.support.identity_provider import Person
from tests.support.push_service import PushBrowser
from tests.support.sessions import GUARD, LIVE_URL, ROLES, Browser, SessionWorld, query_of

SERVICE = sids.default_service(ACCOUNT)
ATTEMPT, SESSION = "__Host-partyline-sign-in", "__Host-partyline"


def set_up(table: Table, identity_claim: str = "sub", mapping: Mapping[str, str] = ROLES) -> SessionWorld:
    world = SessionWorld(table, identity_claim=identity_claim, roles=mapping)
    services.create_account(table, SERVICE, world.clock())
    return world


def without_staff_roles(table: Table) -> SessionWorld:
    """A Service from before there were roles for staff."""
    world = set_up(table)
    for role in roles.list_all(table, SERVICE):
        if role.friendly_name in ROLES.values():
            assert roles.remove(table, role)
    return world


@pytest.fixture
def world(table: Table) -> SessionWorld:
    return set_up(table)


@pytest.fixture
def browser(world: SessionWorld) -> Browser:
    return Browser(world)


def api(world: SessionWorld, token: str) -> Api:
    context = ApiContext(
        world.table, ACCOUNT, lambda: "", lambda: ROOT, world.clock, consult_no_webhook, Bucket(lambda: None, "media")
    )
    return Api(context, f"Bearer {token}")


def user_of(world: SessionWorld, identity: str) -> User:
    found = users.fetch_by_identity(world.table, SERVICE, identity)
    assert found
    return found


def role_of(world: SessionWorld, identity: str) -> str:
    sid = user_of(world, identity).role_sid or ""
    return roles.fetch_many(world.table, SERVICE, [sid])[sid].friendly_name


def hears(world: SessionWorld, identity: str, issued: int) -> bool:
    """Whether a live connection that was opened with a token of that second is still authorized."""
    key, _ = sign_in_sessions.fetch_signing_key(world.table)
    connection = Connection("c-1", SERVICE, identity, key or "", int(world.clock().timestamp()) + 60, issued=issued)
    found = audience.authorize(world.table, SERVICE, [connection], world.clock())
    return bool(found.active)


# --- signing in


def test_a_person_signs_in_and_uses_the_api(world: SessionWorld, browser: Browser) -> None:
    url = browser.start()
    query = query_of(url)
    assert query["redirect_uri"] == f"{BASE}/session/return"
    assert query["scope"] == "openid email"
    answer = browser.come_back(world.provider.sign_in(url, "ann"))
    assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/session")
    assert set(browser.cookies) == {SESSION}
    given = browser.ask_for_token()
    assert given.status == 200
    assert {name: given.json[name] for name in given.json if name != "token"} == {
        "identity": "ann",
        "service_sid": SERVICE,
        "role": "inbox admin",
        "date_expires": "2026-11-22T13:00:00Z",
    }
    assert api(world, given.json["token"]).get("/Users/ann").body["friendly_name"] == "Ann"
    assert role_of(world, "ann") == "inbox admin"


def test_a_page_learns_who_is_signed_in_and_what_there_is(browser: Browser) -> None:
    browser.sign_in("ben")
    answer = browser.ask("GET", "/session")
    assert answer.status == 200
    body = answer.json
    assert body["user"]["identity"] == "ben"
    assert body["role"]["friendly_name"] == "inbox limited"
    assert "viewAssignedConversations" in body["role"]["permissions"]
    assert "viewAnyConversation" not in body["role"]["permissions"]
    assert (body["live_url"], body["service_sid"]) == (LIVE_URL, SERVICE)
    assert body["features"] == {"group_limit": 10, "reachability_enabled": False}
    assert body["date_expires"] == "2026-11-22T20:00:00Z"


def test_without_a_session_nothing_is_told_and_no_password_is_asked_for(browser: Browser) -> None:
    for answer in (browser.ask("GET", "/session"), browser.ask_for_token()):
        assert (answer.status, answer.json["code"]) == (401, 20003)
        assert "WWW-Authenticate" not in answer.headers


def test_neither_cookie_nor_the_providers_tokens_are_in_the_table(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    browser.token()
    client: Any = world.table._client
    stored = str([from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]])
    assert "SS#" in stored
    for secret in (browser.cookies[SESSION], "refresh-", "provider-access-token"):
        assert secret not in stored


def test_several_cookie_headers_are_one(world: SessionWorld, browser: Browser) -> None:
    """HTTP/2 permits a browser to split them."""
    browser.sign_in("ann")
    event = proxy_event("GET", "/session", (), {"Cookie": "theirs=1"})
    split = ["theirs=1", f"{SESSION}={browser.cookies[SESSION]}; more=2"]
    event["multiValueHeaders"] = {**event["multiValueHeaders"], "Cookie": split}
    assert world.endpoint.serve({**event, "resource": "/session"})["statusCode"] == 200


def test_each_sign_in_has_a_session_of_its_own(browser: Browser) -> None:
    browser.sign_in("ann")
    first = browser.cookies[SESSION]
    browser.sign_in("ann")
    assert browser.cookies[SESSION] != first


# --- scenario 20: what a stranger's page tries


@pytest.mark.parametrize("state", [None, "", "x", "é\udcff"])
def test_a_wrong_state_is_refused_and_nothing_is_set(world: SessionWorld, browser: Browser, state: str | None) -> None:
    query = world.provider.sign_in(browser.start(), "ann")
    answer = browser.come_back({"code": query["code"]} | ({} if state is None else {"state": state}))
    assert answer.status == 400
    assert answer.cookies == []
    assert world.provider.requests == []
    # The attempt is still good for the right answer.
    assert browser.come_back(query).status == 303


def test_the_redirect_of_another_browser_is_refused(world: SessionWorld, browser: Browser) -> None:
    """Login CSRF: a stranger has the victim complete the stranger's sign-in."""
    query = world.provider.sign_in(Browser(world).start(), "ben")
    victim = browser
    victim.start()
    for answer in (victim.come_back(query), Browser(world).come_back(query)):
        assert answer.status == 400
        assert answer.cookies == []
    assert world.provider.requests == []


def test_a_replayed_redirect_is_refused_and_the_provider_is_not_asked(world: SessionWorld, browser: Browser) -> None:
    query = world.provider.sign_in(browser.start(), "ann")
    thief = Browser(world, dict(browser.cookies))
    assert browser.come_back(query).status == 303
    answer = thief.come_back(query)
    assert (answer.status, answer.cookies) == (400, [])
    assert len(world.provider.requests) == 1


def test_a_replayed_code_in_an_attempt_of_its_own_is_refused_by_its_verifier(
    world: SessionWorld, browser: Browser
) -> None:
    stolen = world.provider.sign_in(browser.start(), "ann")["code"]
    thief = Browser(world)
    state = query_of(thief.start())["state"]
    answer = thief.come_back({"code": stolen, "state": state})
    assert (answer.status, answer.cookies) == (400, [])


def test_an_attempt_ends_after_ten_minutes(world: SessionWorld, browser: Browser) -> None:
    query = world.provider.sign_in(browser.start(), "ann")
    world.tick(minutes=10)
    assert browser.come_back(query).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Partyline-Session": "1"},
        {"Origin": GUARD["Origin"]},
        {**GUARD, "Origin": "https://evil.example"},
        {**GUARD, "Origin": "null"},
        {**GUARD, "Origin": f"{GUARD['Origin']}.evil.example"},
        {**GUARD, "Origin": GUARD["Origin"].replace("https", "http")},
        {**GUARD, "Sec-Fetch-Site": "cross-site"},
        {**GUARD, "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/session/token", "/session/end"])
def test_a_post_of_another_page_is_refused_and_changes_nothing(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    browser.sign_in("ann")
    answer = browser.ask("POST", path, headers=headers)
    assert (answer.status, answer.json["code"], answer.cookies) == (403, 20403, [])
    assert "token" not in answer.json
    assert browser.ask_for_token().status == 200


def test_no_answer_allows_another_origin(browser: Browser) -> None:
    browser.sign_in("ann")
    for answer in (browser.ask("GET", "/session", headers={"Origin": "https://evil.example"}), browser.ask_for_token()):
        assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("name", ["next", "redirect_uri", "return_to", "landing"])
def test_no_parameter_changes_where_a_redirect_leads(world: SessionWorld, browser: Browser, name: str) -> None:
    evil = {name: "https://evil.example"}
    url = browser.ask("GET", "/session/start", evil).headers["Location"]
    assert "evil" not in url
    answer = browser.come_back(world.provider.sign_in(url, "ann") | evil)
    assert answer.headers["Location"] == f"{BASE}/session"


def test_the_page_of_a_refusal_runs_nothing_and_repeats_nothing(browser: Browser) -> None:
    answer = browser.come_back({"error": "<script>alert(1)</script>", "state": "<img src=x>"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not any(text in answer.text for text in ("<script", "<img", "<style", "alert"))
    assert f'href="{BASE}/session/start"' in answer.text


def test_a_person_who_cancels_is_told_so(world: SessionWorld, browser: Browser) -> None:
    state = query_of(browser.start())["state"]
    answer = browser.come_back({"error": "access_denied", "state": state})
    assert answer.status == 403
    assert "not signed in" in answer.text
    assert world.provider.requests == []


@pytest.mark.parametrize("space", ["\u2000", "\u00a0", "\u0085", "\v", "\f", "\x1f"])
def test_a_cookie_that_another_host_could_set_is_no_session(world: SessionWorld, browser: Browser, space: str) -> None:
    # Browsers hold only names that begin with `__Host-` to what that demands.
    browser.sign_in("ann")
    assert Browser(world, {space + SESSION: browser.cookies[SESSION]}).ask("GET", "/session").status == 401


@pytest.mark.parametrize("cookie", ["", "x", "é", "A" * 43, "A" * 5000, "a=b=c"])
def test_any_cookie_that_is_not_ours_is_no_session(world: SessionWorld, cookie: str) -> None:
    stranger = Browser(world, {SESSION: cookie, ATTEMPT: cookie})
    assert stranger.ask("GET", "/session").status == 401
    assert stranger.come_back({"code": "c", "state": "s"}).status == 400


# --- who gets in


def test_a_person_without_a_group_of_the_mapping_does_not_get_in(world: SessionWorld, browser: Browser) -> None:
    world.provider.people["eve"] = Person("eve", ["visitors"])
    answer = browser.try_to_sign_in("eve")
    assert (answer.status, answer.cookies) == (403, [])
    assert "You have no access" in answer.text
    assert users.fetch_by_identity(world.table, SERVICE, "eve") is None


def test_a_role_that_the_service_lacks_is_no_failure(table: Table) -> None:
    browser = Browser(set_up(table, mapping={"admins": "night shift"}))
    answer = browser.try_to_sign_in("ann")
    assert (answer.status, answer.cookies) == (403, [])
    assert "The role of your group does not exist" in answer.text


def test_a_role_of_the_customers_own_is_found_by_its_name(table: Table) -> None:
    world = set_up(table, mapping={"admins": "night shift"})
    now = world.clock()
    permissions = (Permission.WRITE_AS_LINE,)
    roles.create(table, Role(f"RL{1:032x}", SERVICE, now, now, "night shift", RoleType.SERVICE, permissions))
    Browser(world).sign_in("ann")
    assert role_of(world, "ann") == "night shift"


def test_a_service_without_the_roles_for_staff_gets_them_with_the_first_person(table: Table) -> None:
    world = without_staff_roles(table)
    Browser(world).sign_in("ann")
    assert role_of(world, "ann") == "inbox admin"
    assert {role.friendly_name for role in roles.list_all(table, SERVICE)} >= set(ROLES.values())


def test_a_role_of_ours_from_an_earlier_version_gets_what_is_new(table: Table) -> None:
    world = without_staff_roles(table)
    shipped = build_role(SERVICE, "inbox admin", world.clock())
    roles.create(table, replace(shipped, permissions=(Permission.WRITE_AS_LINE,)))
    Browser(world).sign_in("ann")
    assert roles.find_by_name(table, SERVICE, "inbox admin", RoleType.SERVICE) == shipped


def test_a_role_of_a_conversation_gives_no_access(table: Table) -> None:
    world = without_staff_roles(table)
    now, kind = world.clock(), RoleType.CONVERSATION
    roles.create(table, Role(f"RL{1:032x}", SERVICE, now, now, "inbox admin", kind, (Permission.SEND_MESSAGE,)))
    assert Browser(world).try_to_sign_in("ann").status == 403


@pytest.mark.parametrize("subject", ["US" + "0" * 32, "system", "x\u202ey", "é" * 200])
def test_a_name_that_can_be_no_identity_does_not_get_in(world: SessionWorld, browser: Browser, subject: str) -> None:
    world.provider.people["eve"] = Person(subject, ["admins"])
    answer = browser.try_to_sign_in("eve")
    assert (answer.status, answer.cookies) == (403, [])


@pytest.mark.parametrize(("verified", "status"), [(True, 303), (False, 403)])
def test_an_email_is_an_identity_only_when_it_is_verified(table: Table, verified: bool, status: int) -> None:
    world = set_up(table, identity_claim="email")
    world.provider.people["ann"].claims |= {"email": "Ann@Example.com", "email_verified": verified}
    assert Browser(world).try_to_sign_in("ann").status == status
    found = users.fetch_by_identity(table, SERVICE, "ann@example.com")
    assert (found is not None) is verified


def test_a_user_that_exists_keeps_its_name(world: SessionWorld, browser: Browser) -> None:
    now = world.clock()
    before = User(sids.user(SERVICE, "ann"), SERVICE, "ann", now, now, friendly_name="Dr. Ann", attributes='{"a":1}')
    assert users.create(world.table, before)
    browser.sign_in("ann")
    after = user_of(world, "ann")
    assert replace(after, role_sid=None) == before
    assert role_of(world, "ann") == "inbox admin"


@pytest.mark.parametrize(
    "forged", [{"nonce": "other"}, {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}, {"iat": 1}]
)
def test_an_id_token_that_is_not_for_this_attempt_signs_nobody_in(
    world: SessionWorld, browser: Browser, forged: dict[str, object]
) -> None:
    world.provider.forged = forged
    answer = browser.try_to_sign_in("ann")
    assert (answer.status, answer.cookies) == (503, [])


# --- losing access


def test_a_person_whose_groups_changed_has_the_new_role_with_the_next_token(
    world: SessionWorld, browser: Browser
) -> None:
    browser.sign_in("ann")
    world.provider.people["ann"].groups = ["limited"]
    world.tick(minutes=1)
    assert browser.ask_for_token().json["role"] == "inbox limited"
    assert role_of(world, "ann") == "inbox limited"


def lose_group(world: SessionWorld) -> None:
    world.provider.people["ann"].groups = ["visitors"]


def be_denied(world: SessionWorld) -> None:
    world.provider.people["ann"].denied = True


def be_disabled(world: SessionWorld) -> None:
    world.provider.people["ann"].disabled = True


@pytest.mark.parametrize("lose", [lose_group, be_denied])
def test_who_loses_access_at_the_provider_loses_all_of_it_with_the_next_token(
    world: SessionWorld, browser: Browser, lose: object
) -> None:
    other = Browser(world)
    for one in (browser, other):
        one.sign_in("ann")
    kept = [dict(one.cookies) for one in (browser, other)]
    token, issued = browser.token(), int(world.clock().timestamp())
    assert hears(world, "ann", issued)
    world.tick(seconds=1)
    assert callable(lose)
    lose(world)
    answer = browser.ask_for_token()
    assert (answer.status, answer.json["code"]) == (403, 20403)
    assert browser.cookies == {}
    # The token that was given before, its live connection, and the session of the other browser have ended too.
    assert api(world, token).get("/Users/ann").status == 401
    assert not hears(world, "ann", issued)
    # Each of its requests is told so, also one that is repeated or comes from another tab, or after a night.
    for hours in (0, 0, 9):
        world.tick(hours=hours)
        for cookies in kept:
            assert Browser(world, dict(cookies)).ask("GET", "/session").status == 403
            assert Browser(world, dict(cookies)).ask_for_token().status == 403


def test_who_has_access_again_has_lost_nothing_in_other_browsers(world: SessionWorld, browser: Browser) -> None:
    """What the person was writing there is not to go."""
    other = Browser(world)
    for one in (browser, other):
        one.sign_in("ann")
    world.tick(seconds=1)
    lose_group(world)
    assert browser.ask_for_token().status == 403
    world.tick(seconds=1)
    world.provider.people["ann"].groups = ["admins"]
    browser.sign_in("ann")
    answer = other.ask_for_token()
    assert (answer.status, answer.json["code"]) == (401, 20003)
    assert api(world, browser.token()).get("/Users/ann").status == 200
    # The next loss is told again.
    world.tick(seconds=1)
    lose_group(world)
    assert browser.ask_for_token().status == 403


def test_tokens_that_were_revoked_after_access_was_lost_still_end(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    token = browser.token()
    world.tick(seconds=1)
    lose_group(world)
    assert browser.ask_for_token().status == 403
    world.tick(seconds=1)
    assert users.revoke_tokens(world.table, user_of(world, "ann"), world.clock())
    assert api(world, token).get("/Users/ann").status == 401


def test_a_sign_in_that_the_provider_has_ended_ends_alone(world: SessionWorld, browser: Browser) -> None:
    """It has expired, say, or was revoked at the provider: the answer is the same."""
    other = Browser(world)
    for one in (browser, other):
        one.sign_in("ann")
    token, issued = browser.token(), int(world.clock().timestamp())
    world.tick(seconds=1)
    world.provider.end_sign_in()
    answer = browser.ask_for_token()
    assert (answer.status, answer.json["code"]) == (401, 20003)
    assert browser.cookies == {}
    assert browser.ask("GET", "/session").status == 401
    assert api(world, token).get("/Users/ann").status == 200
    assert hears(world, "ann", issued)
    assert api(world, other.token()).get("/Users/ann").status == 200


def test_a_person_who_is_disabled_gets_a_token_in_no_browser(world: SessionWorld, browser: Browser) -> None:
    other = Browser(world)
    for one in (browser, other):
        one.sign_in("ann")
    be_disabled(world)
    for one in (browser, other):
        assert one.ask_for_token().status == 401
        assert one.cookies == {}


def test_a_sign_in_without_a_group_ends_what_the_person_had(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    token = browser.token()
    world.tick(seconds=1)
    lose_group(world)
    assert Browser(world).try_to_sign_in("ann").status == 403
    assert api(world, token).get("/Users/ann").status == 401
    assert browser.ask_for_token().status == 403


def test_a_user_that_was_deleted_gets_no_token_and_does_not_sign_in_again(
    world: SessionWorld, browser: Browser
) -> None:
    browser.sign_in("ann")
    token, issued = browser.token(), int(world.clock().timestamp())
    world.tick(seconds=1)
    assert users.remove(world.table, user_of(world, "ann"), world.clock())
    answer = browser.ask_for_token()
    assert (answer.status, answer.json["code"]) == (403, 20403)
    assert browser.cookies == {}
    assert api(world, token).get("/Users/ann").status == 403
    assert not hears(world, "ann", issued)
    answer = browser.try_to_sign_in("ann")
    assert answer.status == 403
    assert "removed" in answer.text
    # The account creates the user anew: then the person may come back, and the old session does not.
    world.tick(seconds=1)
    now = world.clock()
    assert users.create(world.table, User(sids.user(SERVICE, "ann"), SERVICE, "ann", now, now))
    browser.sign_in("ann")


def test_each_request_of_a_person_who_was_removed_is_told_so(world: SessionWorld, browser: Browser) -> None:
    """Another tab asks at the same time, an answer is lost, or a computer was asleep: the app leaves nothing there."""
    browser.sign_in("ann")
    kept = dict(browser.cookies)
    world.tick(seconds=1)
    assert users.remove(world.table, user_of(world, "ann"), world.clock())
    for hours in (0, 0, 9):
        world.tick(hours=hours)
        assert Browser(world, dict(kept)).ask_for_token().status == 403
        assert Browser(world, dict(kept)).ask("GET", "/session").status == 403
    # Who comes back does so by a new sign-in.
    world.tick(seconds=1)
    now = world.clock()
    assert users.create(world.table, User(sids.user(SERVICE, "ann"), SERVICE, "ann", now, now))
    assert Browser(world, dict(kept)).ask_for_token().status == 401


def test_only_a_session_of_the_removed_person_tells_of_it(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    ended = dict(browser.cookies)
    browser.ask("POST", "/session/end", headers=GUARD)
    world.tick(seconds=1)
    assert users.remove(world.table, user_of(world, "ann"), world.clock())
    for cookies in ({}, ended, {SESSION: session_cookies.new_cookie()}):
        assert Browser(world, cookies).ask_for_token().status == 401


def test_the_people_of_a_service_that_is_gone_are_told_so(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    world.table.write(delete("service", keys.service(SERVICE)))
    assert browser.ask_for_token().status == 403


def test_revoked_tokens_end_the_sessions_that_were_there(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    world.tick(seconds=1)
    assert users.revoke_tokens(world.table, user_of(world, "ann"), world.clock())
    assert browser.ask_for_token().status == 401
    world.tick(seconds=1)
    browser.sign_in("ann")
    assert api(world, browser.token()).get("/Users/ann").status == 200


def test_a_token_that_another_browser_got_while_the_provider_was_asked_ends_too(
    world: SessionWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("ann")
    other = Browser(world)
    other.sign_in("ann")
    answer, tokens = world.provider._by_refresh, []

    def answer_later(form: dict[str, str]) -> dict[str, Any]:
        monkeypatch.setattr(world.provider, "_by_refresh", answer)
        world.tick(seconds=2)
        tokens.append(other.token())
        be_denied(world)
        return answer(form)

    monkeypatch.setattr(world.provider, "_by_refresh", answer_later)
    assert browser.ask_for_token().status == 403
    assert api(world, tokens[0]).get("/Users/ann").status == 401


def test_a_person_may_end_the_session(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    kept = dict(browser.cookies)
    assert browser.ask("POST", "/session/end", headers=GUARD).status == 204
    assert browser.cookies == {}
    assert Browser(world, kept).ask_for_token().status == 401
    assert browser.ask("POST", "/session/end", headers=GUARD).status == 204


@pytest.mark.parametrize(("hours", "times", "status"), [(7, 3, 200), (8, 1, 401), (7, 4, 401)])
def test_a_session_ends_by_idleness_and_by_age(
    world: SessionWorld, browser: Browser, hours: int, times: int, status: int
) -> None:
    browser.sign_in("ann")
    answers = []
    for _ in range(times):
        world.tick(hours=hours)
        answers.append(browser.ask_for_token().status)
    assert answers[-1] == status


def test_another_person_of_the_provider_never_continues_a_session(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    world.provider.forged = {"sub": "ben"}
    assert browser.ask_for_token().status == 403


# --- the provider's ways


def test_a_rotated_refresh_token_is_used_the_next_time(world: SessionWorld, browser: Browser) -> None:
    world.provider.rotates = True
    browser.sign_in("ann")
    for _ in range(3):
        world.tick(minutes=50)
        browser.token()


def test_a_rotated_refresh_token_is_kept_when_the_rest_of_the_request_fails(
    world: SessionWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.provider.rotates = True
    browser.sign_in("ann")
    with monkeypatch.context() as patched:
        patched.setattr("partyline.auth.sign_in.admit", throttle)
        assert browser.ask_for_token().status == 429
    assert browser.ask_for_token().status == 200


def throttle(*_: object) -> None:
    raise TableThrottled("busy")


def test_a_refresh_without_an_id_token_keeps_the_role(world: SessionWorld, browser: Browser) -> None:
    world.provider.gives_id_token_at_refresh = False
    browser.sign_in("ann")
    assert browser.ask_for_token().json["role"] == "inbox admin"
    be_disabled(world)
    assert browser.ask_for_token().status == 401


def test_a_provider_without_refresh_tokens_gives_an_hour(world: SessionWorld, browser: Browser) -> None:
    world.provider.gives_refresh_tokens = False
    browser.sign_in("ann")
    world.tick(minutes=59)
    browser.token()
    world.tick(minutes=1)
    assert browser.ask_for_token().status == 401


def test_a_provider_that_does_not_answer_ends_no_session_and_gives_no_token(
    world: SessionWorld, browser: Browser
) -> None:
    browser.sign_in("ann")
    world.provider.down = True
    answer = browser.ask_for_token()
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, 20503, "5")
    assert answer.cookies == []
    assert Browser(world).try_to_sign_in("ann").status == 503
    world.provider.down = False
    assert browser.ask_for_token().status == 200


def test_only_one_request_of_a_session_asks_the_provider_at_a_time(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    asked: list[int] = []
    send = world.provider.send

    def ask_meanwhile(*given: object, **named: object) -> object:
        answer = browser.ask_for_token()
        asked.append(answer.status)
        assert answer.headers["Retry-After"] == "1"
        return send(*given, **named)  # type: ignore[arg-type]

    provider = replace(world.sign_in.provider, send=ask_meanwhile)  # type: ignore[arg-type]
    meanwhile = replace(world.endpoint, sign_in=replace(world.sign_in, provider=provider))
    first, world.endpoint = world.endpoint, meanwhile
    assert Browser(world, browser.cookies).ask_for_token().status == 200
    world.endpoint = first
    assert asked == [409]
    assert browser.ask_for_token().status == 200


def test_a_request_that_crashed_while_it_asked_delays_the_next_for_half_a_minute(
    world: SessionWorld, browser: Browser
) -> None:
    browser.sign_in("ann")
    digest = world.sign_in.describe(browser.cookies[SESSION]).session.digest
    assert sign_in_sessions.claim_check(world.table, digest, world.clock())
    assert browser.ask_for_token().status == 409
    world.tick(seconds=30)
    assert browser.ask_for_token().status == 200


# --- the key that signs


def test_all_tokens_are_signed_by_one_key_and_its_revocation_ends_them(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    first = browser.token()
    sid, key = sign_in_sessions.fetch_signing_key(world.table)
    assert key
    assert key.friendly_name == "sign-in"
    other = Browser(world)
    other.sign_in("ben")
    other.token()
    assert sign_in_sessions.fetch_signing_key(world.table)[0] == sid
    assert api_keys.remove(world.table, key.sid)
    assert api(world, first).get("/Users/ann").status == 401
    second = browser.token()
    assert sign_in_sessions.fetch_signing_key(world.table)[0] != sid
    assert api(world, second).get("/Users/ann").status == 200
    assert api(world, first).get("/Users/ann").status == 401


def test_two_first_tokens_at_once_are_signed_by_one_key(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    other = Browser(world, dict(browser.cookies))
    first: list[str] = []
    slow = replace(world.sign_in, table=Racing(world.table, 1, "signing key", lambda: first.append(other.token())))
    session = SignInSession("d1", SERVICE, "ann", "ann", world.clock(), world.clock())
    given = token_issuer.issue_token(slow, session, world.clock())
    assert len(first) == 1
    issuers = {jwt.decode(token, options={"verify_signature": False})["iss"] for token in (*first, given.token)}
    assert issuers == {sign_in_sessions.fetch_signing_key(world.table)[0]}


def test_other_routes_are_not_there(browser: Browser) -> None:
    for method, path in (("GET", "/session/token"), ("POST", "/session/start"), ("GET", "/session/other")):
        assert browser.ask(method, path).status == 404


# --- notifications in the browser


def test_signing_out_ends_the_notifications_in_this_browser_and_in_no_other(
    world: SessionWorld, browser: Browser
) -> None:
    other = Browser(world)
    push = {name: PushBrowser(f"https://push.example/send/{name}") for name in ("desk", "phone", "older")}
    for one, name in ((browser, "desk"), (other, "phone")):
        one.sign_in("ann")
        assert api(world, one.token()).post("/PushSubscriptions", push[name].form()).status == 201
    # What another session of this browser has asked for is asked for by this one when its page begins.
    assert api(world, other.token()).post("/PushSubscriptions", push["older"].form()).status == 201
    assert api(world, browser.token()).post("/PushSubscriptions", push["older"].form()).status == 200
    assert browser.ask("POST", "/session/end", headers=GUARD).status == 204
    left = push_subscriptions.list_of_person(world.table, SERVICE, "ann")
    assert [one.endpoint for one in left] == [push["phone"].endpoint]


def test_a_token_that_outlives_its_session_begins_no_notifications(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    form, token = PushBrowser().form(), browser.token()
    assert browser.ask("POST", "/session/end", headers=GUARD).status == 204
    refused = api(world, token).post("/PushSubscriptions", form)
    assert (refused.status, refused.body["code"]) == (401, 20104)
    assert push_subscriptions.list_of_person(world.table, SERVICE, "ann") == []
    # Another session of the person may.
    browser.sign_in("ann")
    assert api(world, browser.token()).post("/PushSubscriptions", form).status == 201


def test_signing_out_again_ends_what_the_first_time_could_not(
    world: SessionWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("ann")
    form = PushBrowser().form()
    assert api(world, browser.token()).post("/PushSubscriptions", form).status == 201
    with monkeypatch.context() as busy:

        def refuse(*_: object) -> bool:
            raise TableThrottled

        busy.setattr(push_subscriptions, "remove", refuse)
        assert browser.ask("POST", "/session/end", headers=GUARD).status == 429
    assert browser.ask("POST", "/session/end", headers=GUARD).status == 204
    assert push_subscriptions.list_of_person(world.table, SERVICE, "ann") == []


def test_an_access_token_does_not_tell_where_its_session_is_stored(world: SessionWorld, browser: Browser) -> None:
    browser.sign_in("ann")
    token = browser.token()
    named = jwt.decode(token, options={"verify_signature": False})["sid"]
    assert named == token_issuer.name_session(session_cookies.digest(browser.cookies[SESSION]))
    assert sign_in_sessions.fetch(world.table, named) is None
