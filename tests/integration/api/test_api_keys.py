"""API keys, and access tokens that are signed with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant

from partyline.auth.tokens import key_secret
from partyline.domain import sids
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, ROOT, TOKEN, Api, Clock, Racing, basic

SERVICE = sids.default_service(ACCOUNT)
FORGED = key_secret("another root", "SK" + "1" * 32)


def key(api: Api, name: str = "backend") -> dict[str, Any]:
    return api.made("/Keys", {"FriendlyName": name})


def with_key(api: Api, made: dict[str, Any]) -> Api:
    return replace(api, authorization=basic(made["sid"], made["secret"]))


def bearer(api: Api, token: str) -> Api:
    return replace(api, authorization=f"Bearer {token}")


def claims(made: dict[str, Any], clock: Clock, **changes: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    grants = {"identity": "ann", "chat": {"service_sid": SERVICE}}
    whole = {"iss": made["sid"], "sub": ACCOUNT, "exp": now + 3600, "nbf": now, "jti": "x", "grants": grants, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(made: dict[str, Any], claimed: dict[str, Any], **header: Any) -> str:
    return jwt.encode(claimed, made["secret"], "HS256", {"cty": "twilio-fpa;v=1", **header})


def raw(made: dict[str, Any], claimed: dict[str, Any], alg: str = "HS256") -> str:
    """A token that a proper library would not make."""

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    content = part({"alg": alg, "typ": "JWT", "cty": "twilio-fpa;v=1"}) + b"." + part(claimed)
    digest = hmac.new(made["secret"].encode(), content, hashlib.sha256).digest()
    return (content + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


# --- keys


def test_key_calls_the_api_with_its_secret_which_is_shown_once(api: Api) -> None:
    made = key(api)
    assert made["sid"].startswith("SK") and len(made["secret"]) == 43
    assert made["date_created"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    mine = with_key(api, made)
    conversation = mine.conversation(FriendlyName="by key")
    assert mine.get(f"/Conversations/{conversation}").status == 200
    fetched = api.get(f"/Keys/{made['sid']}").body
    assert fetched == {**{name: made[name] for name in fetched}, "policy": None}
    assert "secret" not in fetched
    [listed] = api.get("/Keys").body["keys"]
    assert listed == {**{name: made[name] for name in listed if name != "flags"}, "flags": ["rest_api", "signing"]}


def test_no_secret_is_in_the_table(api: Api) -> None:
    made = key(api)
    client: Any = api.context.table._client
    assert made["secret"] not in json.dumps(client.scan(TableName="partyline")["Items"])


def test_a_revoked_key_is_refused_from_the_next_request_on_and_so_are_its_tokens(api: Api, clock: Clock) -> None:
    made = key(api)
    token = bearer(api, signed(made, claims(made, clock)))
    assert with_key(api, made).get("/Conversations").status == 200
    assert token.get("/Conversations").status == 200
    assert api.delete(f"/Keys/{made['sid']}").status == 204
    assert with_key(api, made).get("/Conversations").error == (401, 20003, "Authenticate")
    assert token.get("/Conversations").error[:2] == (401, 20103)
    assert api.delete(f"/Keys/{made['sid']}").error[:2] == (404, 20404)


def test_a_key_that_two_revoke_at_once_is_revoked_once(api: Api, table: Table) -> None:
    path = f"/Keys/{key(api)['sid']}"
    slower = replace(api, context=replace(api.context, table=Racing(table, 1, "key", lambda: api.delete(path))))
    assert slower.delete(path).error == (404, 20404, f"The requested resource {path} was not found")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("SK" + "1" * 32, FORGED),
        ("SK" + "1" * 32, key_secret(ROOT, "SK" + "1" * 32)),  # right, but never made
        ("SK" + "1" * 32, ""),
        (ACCOUNT, key_secret(ROOT, ACCOUNT)),
        ("SK", TOKEN),
    ],
)
def test_a_wrong_secret_or_an_unknown_key_is_refused(api: Api, user: str, password: str) -> None:
    assert replace(api, authorization=basic(user, password)).get("/Conversations").error[:2] == (401, 20003)


def test_without_a_key_root_no_key_is_good(api: Api) -> None:
    made = key(api)
    closed = replace(with_key(api, made), context=replace(api.context, key_root=lambda: ""))
    assert closed.get("/Conversations").error[:2] == (401, 20003)
    empty = {**made, "secret": key_secret("", made["sid"])}
    assert with_key(closed, empty).get("/Conversations").error[:2] == (401, 20003)


def test_a_key_manages_no_keys(api: Api) -> None:
    made = key(api)
    mine = with_key(api, made)
    for reply in (
        mine.get("/Keys"),
        mine.post("/Keys"),
        mine.get(f"/Keys/{made['sid']}"),
        mine.post(f"/Keys/{made['sid']}", {"FriendlyName": "mine"}),
        mine.delete(f"/Keys/{made['sid']}"),
    ):
        assert reply.error[:2] == (401, 20003)
    assert [one["friendly_name"] for one in api.get("/Keys").body["keys"]] == ["backend"]


def test_a_key_is_renamed_and_a_wrong_request_changes_nothing(api: Api) -> None:
    made = key(api)
    path = f"/Keys/{made['sid']}"
    assert api.post(path, {"FriendlyName": "worker"}).body["friendly_name"] == "worker"
    assert api.post(path, {"FriendlyName": "x" * 65}).error[:2] == (400, 20001)
    for name, value in (("KeyType", "restricted"), ("Policy", "{}")):
        reason = "restricted keys are not supported: every key may do everything"
        assert api.post("/Keys", {name: value}).error == (400, 20001, f"Invalid parameter {name}: {reason}")
    assert api.post("/Keys", {"AccountSid": "AC" + "9" * 32}).error[:2] == (400, 20001)
    assert [one["friendly_name"] for one in api.get("/Keys", {"AccountSid": ACCOUNT}).body["keys"]] == ["worker"]
    assert api.get("/Keys/SKnone").error[:2] == (404, 20404)


# --- access tokens


def test_a_token_of_the_sdks_own_class_speaks_for_its_identity(api: Api, clock: Clock) -> None:
    clock.moment = datetime.now(UTC)
    made = key(api)
    token = AccessToken(ACCOUNT, made["sid"], made["secret"], identity="ann smith")
    token.add_grant(ChatGrant(service_sid=SERVICE))
    ann = bearer(api, token.to_jwt())
    conversation = ann.conversation(FriendlyName="mine")
    [member] = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    assert member["identity"] == "ann smith"


def test_a_token_without_nbf_and_with_iat_is_good_as_nodes_sdk_makes_it(api: Api, clock: Clock) -> None:
    made = key(api)
    issued = int(clock().timestamp())
    assert bearer(api, signed(made, claims(made, clock, nbf=None, iat=issued))).get("/Conversations").status == 200


def seconds(clock: Clock, **by: float) -> int:
    return int((clock() + timedelta(**by)).timestamp())


def test_a_token_is_refused_with_twilios_code_for_what_is_wrong_with_it(api: Api, clock: Clock) -> None:
    made = key(api)
    good = claims(made, clock)
    other_key = {**made, "sid": "SK" + "2" * 32, "secret": key_secret(ROOT, "SK" + "2" * 32)}
    grants = good["grants"]
    wrong = {
        20101: ["", "x.y", "a.b.c", signed(made, claims(made, clock, exp=None))],
        20102: [
            raw(made, good, alg="HS512"),
            signed(made, good, cty="other"),
            jwt.encode(good, None, "none", {"cty": "twilio-fpa;v=1"}),  # type: ignore[arg-type]  # that is the attack
        ],
        20103: [
            signed(made, claims(made, clock, iss="me")),
            signed(made, claims(made, clock, sub="AC" + "9" * 32)),
            signed(made, claims(made, clock, sub=None)),
            signed(other_key, claims(other_key, clock)),
        ],
        20104: [signed(made, claims(made, clock, exp=seconds(clock)))],
        20105: [signed(made, claims(made, clock, nbf=seconds(clock, seconds=61)))],
        20106: [
            signed(made, claims(made, clock, grants={})),
            signed(made, claims(made, clock, grants="chat")),
            signed(made, claims(made, clock, grants={**grants, "identity": ""})),
            signed(made, claims(made, clock, grants={**grants, "identity": "x" * 257})),
            signed(made, claims(made, clock, grants={**grants, "identity": "\ud800"})),
            # A10: what can be no identity.
            *(signed(made, claims(made, clock, grants={**grants, "identity": odd})) for odd in ("🦆" * 256, "a\0b")),
            signed(made, claims(made, clock, grants={**grants, "chat": {}})),
            signed(made, claims(made, clock, grants={**grants, "chat": {"service_sid": "IS"}})),
        ],
        20107: [signed({**made, "secret": FORGED}, good), signed(made, good)[:-4] + "AAAA"],
        20157: [signed(made, claims(made, clock, exp=seconds(clock, hours=24, seconds=1)))],
    }
    found = {code: [bearer(api, token).get("/Conversations").error[:2] for token in wrong[code]] for code in wrong}
    assert found == {code: [(401, code)] * len(tokens) for code, tokens in wrong.items()}


def test_a_token_that_never_ends_is_no_token(api: Api, clock: Clock) -> None:
    made = key(api)
    nevers: list[Any] = [float("nan"), float("inf"), float("-inf"), True, "tomorrow", "1700000000", -1, 10**400, [], {}]
    for never in nevers:
        token = raw(made, claims(made, clock, exp=never))
        assert bearer(api, token).get("/Conversations").status == 401


@pytest.mark.parametrize("made_by", ["iat", "jti"])
def test_a_token_lives_from_when_it_was_made(api: Api, clock: Clock, made_by: str) -> None:
    """A7. Else one that is made for weeks would be good again on its last day, when its revocation is forgotten."""
    made = key(api)
    now = seconds(clock)
    says = now if made_by == "iat" else f"{made['sid']}-{now}"
    long, day = (claims(made, clock, exp=now + days * 86_400, **{made_by: says}) for days in (30, 1))
    clock.tick(hours=23)
    assert bearer(api, signed(made, day)).get("/Conversations").status == 200
    clock.tick(days=28, hours=12)
    assert bearer(api, signed(made, long)).get("/Conversations").error[:2] == (401, 20157)


def test_numbers_of_any_size_in_a_token_are_answered(api: Api, clock: Clock) -> None:
    """A11."""
    made = key(api)
    for huge in (float("nan"), float("inf"), 10**400, -(10**400), [[1]] * 3):
        assert bearer(api, raw(made, claims(made, clock, nbf=huge))).get("/Conversations").status == 401
        for name in ("iss", "sub", "jti", "grants", "exp"):
            assert bearer(api, raw(made, claims(made, clock, **{name: huge}))).get("/Conversations").status == 401
        # When it was made is not looked at.
        assert bearer(api, raw(made, claims(made, clock, iat=huge))).get("/Conversations").status == 200


def test_a_token_of_deep_json_is_answered(api: Api) -> None:
    """A11."""
    deep = base64.urlsafe_b64encode(b"[" * 7000).rstrip(b"=").decode()
    plain = base64.urlsafe_b64encode(b'{"alg": "HS256"}').rstrip(b"=").decode()
    for token in (f"{deep}.{plain}.x", f"{plain}.{deep}.x"):
        assert bearer(api, token).get("/Conversations").status == 401


def test_a_token_is_good_in_its_own_service_only(api: Api, clock: Clock) -> None:
    made = key(api)
    ann = bearer(api, signed(made, claims(made, clock)))
    assert ann.get(f"/Services/{SERVICE}/Conversations").status == 200
    grants = {"identity": "ann", "chat": {"service_sid": "IS" + "3" * 32}}
    stranger = bearer(api, signed(made, claims(made, clock, grants=grants)))
    assert stranger.get("/Conversations").error[:2] == (403, 20403)
    assert stranger.get(f"/Services/{SERVICE}/Conversations").error[:2] == (403, 20403)


def test_forged_tokens_cost_no_read_of_the_table(api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made = key(api)
    forged = bearer(api, signed({**made, "secret": FORGED}, claims(made, clock)))
    monkeypatch.setattr(type(api.context.table), "get", lambda *given: pytest.fail("read"))
    monkeypatch.setattr(type(api.context.table), "get_all", lambda *given: pytest.fail("read"))
    assert forged.get("/Conversations").error[:2] == (401, 20107)
    assert replace(api, authorization=basic(made["sid"], FORGED)).get("/Conversations").error[:2] == (401, 20003)


def test_time_is_ours_not_the_tokens(api: Api, clock: Clock) -> None:
    made = key(api)
    ann = bearer(api, signed(made, claims(made, clock)))
    assert ann.get("/Conversations").status == 200
    clock.tick(hours=1)
    assert ann.get("/Conversations").error[:2] == (401, 20104)
