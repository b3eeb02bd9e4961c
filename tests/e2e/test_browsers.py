"""An app in a real browser, on an origin of its own: what its page can do with an access token, and what others cannot.

The page has `clients/javascript` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from playwright.sync_api import Browser, Page
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant
from twilio.rest import Client

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.app_pages import serving_app
from tests.support.stack_world import World, new_number, until

browsers.require()

# The smallest GIF.
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")

# Everything that the page does, and what it saw. An `ApiError` that it could read has a code.
APP = """
async ({ url, liveUrl, token, conversation, pixel }) => {
  const { Rest, ApiError } = await import("/rest.js");
  const { connect } = await import("/live.js");
  const rest = new Rest({ url, token: async () => token, attempts: 1 });
  const seen = { listed: [], events: [], errors: [] };
  const attempt = async (work) => {
    try { return await work(); } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      seen.errors.push([error.status, error.code, error.details.reason ?? "", Boolean(error.requestId)]);
    }
  };
  await attempt(async () => {
    for await (const one of rest.conversations.list({ PageSize: 1 })) seen.listed.push(one.sid);
  });
  let hear;
  const heard = new Promise((resolve) => { hear = resolve; });
  const live = connect({
    url: liveUrl,
    token: async () => token,
    onEvent: (event) => {
      seen.events.push([event.type, event.parameters?.Body]);
      if (event.type === "onMessageAdded") hear();
    },
    onState: (state, error) => { if (state === "waiting") hear(); },
  });
  live.follow(conversation);
  const file = new File([Uint8Array.from(pixel)], "pixel.gif", { type: "image/gif" });
  const uploaded = await attempt(() => rest.media.upload(file));
  const form = { Body: "from a page", MediaSid: uploaded?.sid, Author: "ann" };
  const sent = await attempt(() => rest.messages(conversation).create(form, { key: `page-${conversation}` }));
  seen.sent = sent?.sid;
  seen.again = (await attempt(() => rest.messages(conversation).create(form, { key: `page-${conversation}` })))?.sid;
  seen.size = uploaded && (await attempt(() => rest.media.download(uploaded.sid))).size;
  await attempt(() => rest.conversations.fetch("CH00000000000000000000000000000000"));
  await heard;
  live.close();
  const replayed = await fetch(`${url}/v1/Conversations/${conversation}/Messages`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Idempotency-Key": `page-${conversation}` },
    body: new URLSearchParams(form),
  }).catch(() => null);
  seen.replayed = replayed?.headers.get("Idempotent-Replayed");
  return seen;
}
"""

# What needs no preflight: the page's browser makes the request, and only the answer is kept from it.
SIMPLE = """
async ({ url }) => {
  const outcomes = [];
  for (const path of ["/v1/Conversations", "/v2/Services", "/media/none", "/nothing"]) {
    for (const method of ["GET", "POST"]) {
      try {
        const answer = await fetch(url + path, { method });
        outcomes.push([method, path, answer.status, (await answer.json()).code]);
      } catch { outcomes.push([method, path, 0, 0]); }
    }
  }
  return outcomes;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.browsing() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that remembers nothing."""
    with browsers.new_context(browser) as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """The origin of a page that is not listed."""
    with serving_app() as origin:
        yield origin


def test_a_page_of_a_listed_origin_uses_the_api(page: Page, stack: Stack, world: World, app_origin: str) -> None:
    phone = new_number()
    given = of_ann(stack, world, phone)
    page.goto(f"{app_origin}/")

    seen = page.evaluate(APP, given)

    assert given["conversation"] in seen["listed"]
    assert seen["sent"]
    assert seen["again"] == seen["sent"]
    assert seen["replayed"] == "true"
    assert seen["size"] == len(PIXEL)
    [[status, code, _, has_id]] = seen["errors"]
    assert (status, code, has_id) == (404, 20404, True)
    assert ["onMessageAdded", "from a page"] in seen["events"]
    assert until(lambda: world.read_by(phone))[0][1] == "from a page"
    # The gateway's own 404, too: one origin is listed.
    outcomes = page.evaluate(SIMPLE, {"url": stack.url})
    assert {(path, status) for method, path, status, _ in outcomes if method == "GET"} == {
        ("/v1/Conversations", 401),
        ("/v2/Services", 401),
        ("/media/none", 404),
    } | {("/nothing", 0)}


def test_a_page_of_another_origin_reads_nothing(page: Page, stack: Stack, world: World, stranger: str) -> None:
    """Not even with a person's token."""
    phone = new_number()
    given = of_ann(stack, world, phone)
    page.goto(f"{stranger}/")

    seen = page.evaluate(APP, given)

    assert (seen["listed"], seen["events"], seen.get("sent"), seen["replayed"]) == ([], [], None, None)
    assert {(status, code) for status, code, _, _ in seen["errors"]} == {(0, 0)}
    assert {status for _, _, status, _ in page.evaluate(SIMPLE, {"url": stack.url})} == {0}
    assert world.messages(given["conversation"]) == []
    assert world.read_by(phone) == []


@pytest.mark.parametrize("path", ["/v1", "/v1/Conversations", "/v2/Services/x", "/media/a/b"])
def test_the_deployed_api_answers_a_preflight_itself_and_names_a_listed_origin_only(
    stack: Stack, app_origin: str, stranger: str, path: str
) -> None:
    """Past the front, which lets other pages through to nothing."""
    for origin, named in ((app_origin, app_origin), (stranger, None), (f"{app_origin}0", None)):
        asked = {"X-Forwarded-Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = ask(stack.deployment.url + path, "OPTIONS", asked)
        assert (preflight.status, preflight.data) == (204, b"")
        assert preflight.headers.get("Access-Control-Allow-Origin") == named
        assert preflight.headers["Vary"] == "Origin"
        assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]

        answered = ask(stack.deployment.url + path, "GET", {"X-Forwarded-Origin": origin})
        assert answered.status in {401, 404}
        assert answered.headers.get("Access-Control-Allow-Origin") == named
        assert answered.headers["Vary"] == "Origin"
    # A program.
    assert "Access-Control-Allow-Origin" not in ask(stack.deployment.url + path, "GET", {}).headers


def test_the_gateways_own_answers_are_for_the_listed_origin(stack: Stack, app_origin: str, stranger: str) -> None:
    for origin in (app_origin, stranger):
        unknown = ask(f"{stack.deployment.url}/nothing", "GET", {"X-Forwarded-Origin": origin})
        assert (unknown.status, unknown.headers["Access-Control-Allow-Origin"]) == (404, app_origin)
    carriers = ask(f"{stack.deployment.url}/carriers/telnyx", "OPTIONS", {"X-Forwarded-Origin": app_origin})
    assert carriers.status == 404


def test_the_bucket_has_the_same_list(stack: Stack, app_origin: str) -> None:
    [rule] = stack.client("s3").get_bucket_cors(Bucket=stack.output("MediaBucketName"))["CORSRules"]

    assert rule["AllowedOrigins"] == [app_origin, "null"]


def of_ann(stack: Stack, world: World, phone: str) -> dict[str, Any]:
    """A conversation of ann with a phone, and what her page is given."""
    made = world.api.conversations.create(friendly_name="in a browser")
    made.participants.create(identity="ann", messaging_binding_projected_address="+12065550110")
    made.participants.create(messaging_binding_address=phone)
    return {
        "url": stack.url,
        "liveUrl": stack.live_url,
        "token": access_token(world, "ann"),
        "conversation": made.sid,
        "pixel": list(PIXEL),
    }


def access_token(world: World, identity: str) -> str:
    client = Client(world.account_sid, world.auth_token)
    client.iam.base_url = world.url
    key = client.iam.v1.new_api_key.create(account_sid=world.account_sid, friendly_name="page")
    service_sid = world.api.configuration().fetch().default_chat_service_sid
    token = AccessToken(world.account_sid, key.sid, key.secret, identity=identity, ttl=600)
    token.add_grant(ChatGrant(service_sid=service_sid))
    made: str = token.to_jwt()
    return made


def ask(url: str, method: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, headers=headers, retries=False)
