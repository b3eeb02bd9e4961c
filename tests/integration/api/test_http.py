"""What holds for every request: who may ask, what exists, how errors look, and that nothing leaks."""

from __future__ import annotations

import base64
import json
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from partyline import settings
from partyline.errors import Conflict
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, TOKEN, A, Api, P, basic, proxy_event

FUNCTION = Path(__file__).parents[3] / "functions" / "conversations" / "app.py"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic()}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        basic(ACCOUNT, ""),
        basic(ACCOUNT, TOKEN + "x"),
        basic(ACCOUNT, TOKEN[:-1]),
        basic(ACCOUNT.replace("AC", "SK"), TOKEN),
        basic("", TOKEN),
        "Basic é",
    ],
)
def test_without_the_right_credentials_nothing_is_answered_and_nothing_changes(
    api: Api, authorization: str | None
) -> None:
    stranger = replace(api, authorization=authorization)
    conversation = api.group(A)
    for method, path, form in (
        ("GET", "/Conversations", {}),
        ("POST", "/Conversations", {"FriendlyName": "mine"}),
        ("POST", f"/Conversations/{conversation}/Messages", {"Author": "agent", "Body": "hi"}),
        ("DELETE", f"/Conversations/{conversation}", {}),
        ("GET", "/Nothing", {}),
        ("POST", "/Conversations", {"Attributes": "x" * 300_000}),
    ):
        reply = stranger.call(method, path, form=form)
        assert reply.error == (401, 20003, "Authenticate")
        assert reply.headers["WWW-Authenticate"] == 'Basic realm="partyline"'
    (kept,) = api.get("/Conversations").body["conversations"]
    assert kept["sid"] == conversation
    assert api.get(f"/Conversations/{conversation}/Messages").body["messages"] == []


def test_deployment_without_a_token_refuses_every_caller(api: Api) -> None:
    open_door = Api(replace(api.context, auth_token=lambda: ""), basic(ACCOUNT, ""))
    assert open_door.get("/Conversations").status == 401


def test_the_header_that_authenticates_may_be_in_lower_case(api: Api) -> None:
    event = proxy_event("GET", "/v1/Conversations", headers={"authorization": basic().replace("Basic", "basic")})
    assert api.send(event).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/Services/IS1",
        "/v1/Nothing/Nothing",
        "/v1/Nothing",
        "/v1/conversations",
        "/v1/Conversations//Messages",
        "/v1/Conversations/CH1/Messages/IM1/Receipts/DY1/More",
        "/v1/Services/IS00000000000000000000000000000000/Conversations",
        "/v2/Conversations",
        "/",
        "/v1/Conversations/%FF",
    ],
)
def test_an_unknown_path_is_answered_with_404(api: Api, path: str) -> None:
    status, code, message = api.send(proxy_event("GET", path, headers=FORM)).error
    assert (status, code) == (404, 20404)
    assert message.startswith("The requested resource /")
    assert message.endswith(" was not found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/Conversations", "GET, POST"),
        ("PUT", "/Conversations", "GET, POST"),
        ("HEAD", "/Conversations", "GET, POST"),
        ("OPTIONS", "/Conversations/x", "DELETE, GET, POST"),
        ("GET", "/ConversationWithParticipants", "POST"),
        ("POST", "/Conversations/x/Messages/y/Receipts", "GET"),
        ("POST", "/UnroutedTexts", "GET"),
    ],
)
def test_a_known_path_says_which_methods_it_has(api: Api, method: str, path: str, allowed: str) -> None:
    reply = api.call(method, path)
    assert reply.error == (405, 20004, "Method not allowed")
    assert reply.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/Conversations/CH00000000000000000000000000000000",
        "/Conversations/nobody",
        "/Conversations/" + "x" * 5000,
        "/Conversations/CH00000000000000000000000000000000/Participants",
        "/Conversations/CH00000000000000000000000000000000/Messages",
        "/Conversations/CH00000000000000000000000000000000/Messages/IM00000000000000000000000000000000",
        "/Conversations/{}/Participants/MB00000000000000000000000000000000",
        "/Conversations/{}/Messages/IM00000000000000000000000000000000",
        "/Conversations/{}/Messages/IM",
        "/Conversations/{}/Messages/x",
        "/Conversations/{}/Messages/IM00000000000000000000000000000000/Receipts",
        "/Lines/+12065559999",
        "/Lines/x",
        "/UnroutedTexts/UT00000000000000000000000000000000",
        "/UnroutedTexts/x",
    ],
)
def test_what_is_not_there_is_answered_with_404_and_its_path(api: Api, path: str) -> None:
    path = path.format(api.conversation())
    assert api.get(path).error == (404, 20404, f"The requested resource {path} was not found")


def test_a_body_beyond_the_limit_is_refused_and_changes_nothing(api: Api) -> None:
    reply = api.post("/Conversations", {"FriendlyName": "x" * (256 * 1024)})
    assert reply.error == (413, 20001, "The request's body is larger than 262144 bytes")
    assert api.get("/Conversations").body["conversations"] == []


def test_a_body_in_base64_is_decoded(api: Api) -> None:
    event = proxy_event("POST", "/v1/Conversations", headers=FORM)
    body = base64.b64encode(b"FriendlyName=Caf%C3%A9+1").decode()
    assert api.send({**event, "body": body, "isBase64Encoded": True}).body["friendly_name"] == "Café 1"
    reply = api.send({**event, "body": "%%%", "isBase64Encoded": True})
    assert reply.error == (400, 20001, "Invalid parameter body: it is not base64")


@pytest.mark.parametrize("body", ["FriendlyName=%FF", "FriendlyName=\udcff", "%ED%A0%80=1"])
def test_a_form_that_is_not_utf_8_is_refused(api: Api, body: str) -> None:
    event = proxy_event("POST", "/v1/Conversations", headers=FORM, body=body)
    assert api.send(event).error == (400, 20001, "Invalid parameter body: it is not UTF-8")


def test_a_form_with_thousands_of_parameters_is_refused(api: Api) -> None:
    reply = api.post("/Conversations", [(f"p{number}", "") for number in range(1001)])
    assert reply.error == (400, 20001, "Invalid parameter body: it has more than 1000 parameters")


def test_json_is_refused_with_what_to_send_instead(api: Api) -> None:
    headers = {**FORM, "Content-Type": "application/json"}
    event = proxy_event("POST", "/v1/Conversations", headers=headers, body=json.dumps({"FriendlyName": "x"}))
    assert api.send(event).error == (
        400,
        20001,
        "Invalid parameter Content-Type: send parameters as application/x-www-form-urlencoded",
    )


def test_unknown_parameters_and_headers_are_tolerated(api: Api) -> None:
    headers = {**FORM, "X-Twilio-Webhook-Enabled": "true", "X-Other": "1"}
    event = proxy_event("POST", "/v1/Conversations", headers=headers, body="FriendlyName=a&Xyz=1&&=&a")
    assert api.send(event).status == 201


def test_ids_in_a_path_keep_their_plus_and_their_blanks(api: Api) -> None:
    conversation = api.conversation(UniqueName="deal +7 / a?b%")
    for path in ("deal%20+7%20%2F%20a%3Fb%25", "deal%20%2B7%20%2F%20a%3Fb%25"):
        assert api.get(f"/Conversations/{path}").body["sid"] == conversation
    assert api.get("/Conversations/deal++7%20%2F%20a%3Fb%25").status == 404


def test_urls_begin_with_the_public_url_when_there_is_one(api: Api) -> None:
    conversation = api.conversation()
    behind = Api(replace(api.context, public_url="https://texts.example.com/group"))
    for path in (f"/v1/Conversations/{conversation}", f"/group/v1/Conversations/{conversation}"):
        reply = behind.send(proxy_event("GET", path, headers=FORM))
        assert reply.body["url"] == f"https://texts.example.com/group/v1/Conversations/{conversation}"
    listed = behind.get("/Conversations", {"PageSize": "1"}).body["meta"]
    assert listed["url"] == "https://texts.example.com/group/v1/Conversations?PageSize=1&Page=0"
    assert api.get(f"/Conversations/{conversation}").body["url"] == f"{BASE}/v1/Conversations/{conversation}"


class Broken(Table):
    """A table that cannot be used."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def get_all(self, keys: Any) -> Any:
        raise self._failure


def test_what_goes_wrong_inside_is_answered_with_500_and_nothing_of_it(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Api(replace(api.context, table=Broken(RuntimeError("table arn:aws:secret")), settings=None))
    reply = broken.get("/Conversations/some-name")
    assert reply.error == (500, 20500, "Internal Server Error")
    assert "arn:aws" not in json.dumps(reply.body)
    assert "api.failed" in caplog.text


def test_a_secret_that_cannot_be_read_is_answered_with_500(api: Api) -> None:
    def unreadable() -> str:
        raise RuntimeError("no access")

    assert Api(replace(api.context, auth_token=unreadable)).get("/Conversations").error[1] == 20500


def test_a_race_that_is_lost_every_time_is_answered_with_409(api: Api) -> None:
    busy = Api(replace(api.context, table=Broken(Conflict({})), settings=None))
    status, code, message = busy.get("/Conversations/some-name").error
    assert (status, code) == (409, 50349)
    assert message.endswith("another request changed it: try again")


def test_answers_are_json_and_not_cached(api: Api) -> None:
    reply = api.post("/Conversations", {"UniqueName": "x"})
    assert reply.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}


def test_the_deployed_function_answers_with_what_its_environment_gives_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.forget_secrets()
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="auth", SecretString=json.dumps({"auth_token": TOKEN}))["ARN"]
    environment = {
        "TABLE_NAME": "partyline",
        "ACCOUNT_SID": ACCOUNT,
        "AUTH_SECRET_ARN": arn,
        "GROUP_LIMIT": "10",
        "PUBLIC_URL": "",
        "ALLOWED_NETWORKS": "",
        "ALLOWED_ORIGINS": "",
        "MEDIA_BUCKET": "media",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    function = runpy.run_path(str(FUNCTION))["handler"]
    context = SimpleNamespace(
        function_name="conversations",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:f",
        aws_request_id="1",
        get_remaining_time_in_millis=lambda: 30_000,
    )
    event = proxy_event("GET", f"/v1/Lines/{P}", headers=FORM)
    answer = function(event, context)
    assert (answer["statusCode"], json.loads(answer["body"])["address"]) == (200, P)
    assert function({**event, "headers": {}}, context)["statusCode"] == 401


def test_root_answers_the_version(api: Api) -> None:
    for path in ("/v1", "/v1/"):
        reply = api.send(proxy_event("GET", path, headers=FORM | {"Authorization": basic()}))
        assert (reply.status, reply.body) == (200, {"account_sid": ACCOUNT, "version": "0.2.0", "url": f"{BASE}/v1"})
    assert api.delete("").error[:2] == (405, 20004)
