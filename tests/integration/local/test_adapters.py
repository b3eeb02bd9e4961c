"""The carrier modules of production against the simulated carriers, over real sockets, unchanged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from partyline.carriers import bandwidth, telnyx, twilio, vonage
from partyline.carriers.base import (
    Carrier,
    DeliveryReport,
    Event,
    IgnoredEvent,
    InboundText,
    MalformedWebhook,
    OutboundMedia,
    OutboundText,
    WebhookRequest,
)
from partyline.carriers.listing import InboundListing
from partyline.carriers.listing_registry import LISTINGS
from partyline.carriers.transport import build_transport
from partyline.domain import long_texts
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, ListingRefused, Refused, Throttled, Unavailable

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]

ANN, BOB, CY = "+12065550150", "+12065550151", "+12065550152"
NEVER, LANDLINE, OPTED_OUT, SILENT, THROTTLED, UNANSWERED = (f"+1206555019{digit}" for digit in range(6))
LINES = {"bandwidth": "+12065550100", "telnyx": "+12065550110", "twilio": "+12065550120", "vonage": "+12065550130"}
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def adapter(name: str, base: str) -> Carrier:
    send_once = build_transport(10.0)
    if name == "bandwidth":
        account = bandwidth.BandwidthSettings("5500", "app-1", "user", "secret", "path-token", url=f"{base}/bandwidth")
        return bandwidth.Bandwidth(account, send_once)
    if name == "telnyx":
        return telnyx.Telnyx(telnyx.TelnyxSettings("KEY123", PUBLIC_KEY, url=f"{base}/telnyx"), send_once)
    if name == "vonage":
        return vonage.Vonage(vonage.VonageSettings("abcd", "secret", "s" * 64, url=f"{base}/vonage"), send_once)
    url = f"{base}/twilio"
    at_twilio = twilio.TwilioSettings("AC" + "0" * 32, "12345", url=url, conversations_url=url, media_url=url)
    return twilio.Twilio(at_twilio, send_once)


async def events(world: Any, carrier: Carrier) -> list[Event]:
    """What the carrier's module makes of the webhooks that came, all of them authentic."""
    found: list[Event] = []
    await world.quiet()
    for request, body in world.upstream.requests:
        _, _, name, *token = request.path.split("/")
        if name != carrier.name:
            continue
        webhook = WebhookRequest(
            url=world.front(request.raw_path),
            path="/".join(token),
            headers={key.lower(): value for key, value in request.headers.items()},
            query=dict(request.query),
            body=body,
        )
        carrier.authenticate(webhook, time.time())
        found += carrier.parse(webhook)
    return found


async def send(world: Any, carrier: Carrier, *to: str) -> str:
    callback = world.front(f"/carriers/{carrier.name}") if carrier.name != "bandwidth" else ""
    text = OutboundText(LINES[carrier.name], to, "hi", tag="IM1", callback_url=callback)
    return (await asyncio.to_thread(carrier.send, text)).id


@pytest.mark.parametrize("name", LINES)
def test_a_group_text_is_read_with_its_whole_roster(in_world: InWorld, name: str) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        await world.write(ANN, BOB, LINES[name], CY, text="grüß & co+ ")
        (event,) = await events(world, carrier)
        assert isinstance(event, InboundText)
        assert (event.sender, event.line, event.text) == (ANN, LINES[name], "grüß & co+ ")
        assert set(event.recipients) == {BOB, LINES[name], CY}
        assert not event.roster_missing

    in_world(scenario)


@pytest.mark.parametrize(
    ("name", "to", "expected"),
    [
        ("bandwidth", (ANN, NEVER), {(ANN, "delivered", None), (NEVER, "undelivered", 30003)}),
        ("bandwidth", (LANDLINE, OPTED_OUT), {(LANDLINE, "undelivered", 30006), (OPTED_OUT, "undelivered", 21610)}),
        ("telnyx", (ANN, NEVER), {(ANN, "delivered", None), (NEVER, "undelivered", 30003)}),
        ("telnyx", (LANDLINE, OPTED_OUT), {(LANDLINE, "undelivered", 30006), (OPTED_OUT, "failed", 21610)}),
        ("telnyx", (SILENT,), set()),
        ("twilio", (ANN,), {(ANN, "delivered", None)}),
        ("twilio", (NEVER,), {(NEVER, "undelivered", 30003)}),
        ("twilio", (LANDLINE,), {(LANDLINE, "undelivered", 30006)}),
        ("vonage", (ANN,), {(ANN, "delivered", None)}),
        ("vonage", (NEVER,), {(NEVER, "undelivered", 30003)}),
        ("vonage", (OPTED_OUT,), {(OPTED_OUT, "failed", 21610)}),
    ],
)
def test_reports_end_as_twilios_codes_say(
    in_world: InWorld, name: str, to: tuple[str, ...], expected: set[tuple[str, str, int | None]]
) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        sent = await send(world, carrier, *to)
        reports = [event for event in await events(world, carrier) if isinstance(event, DeliveryReport)]
        assert {report.id for report in reports} <= {sent}
        final = {report for report in reports if report.status is not ReceiptStatus.SENT}
        assert {(report.recipient, report.status.value, report.error_code) for report in final} == expected

    in_world(scenario)


@pytest.mark.parametrize("name", LINES)
def test_a_long_text_is_refused_whole_and_taken_in_parts(in_world: InWorld, name: str) -> None:
    """C7."""

    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        words = " ".join(letter * 600 for letter in "abcde")
        text = OutboundText(LINES[name], (ANN,), words)
        with pytest.raises(Refused):
            await asyncio.to_thread(carrier.send, text)
        parts = long_texts.split_parts(words, carrier.limits.cuts(words, plain=True))
        for part in parts:
            await asyncio.to_thread(carrier.send, replace(text, text=part))
        shown = [message["text"] for message in await world.get(f"/handsets/{ANN}/messages")]
        assert (shown, " ".join(shown)) == (list(parts), words)

    in_world(scenario)


@pytest.mark.parametrize("name", LINES)
def test_sends_that_fail_fail_as_what_they_are(in_world: InWorld, name: str) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        for _ in range(2):
            with pytest.raises(Throttled):
                await send(world, carrier, THROTTLED)
        await send(world, carrier, THROTTLED)
        with pytest.raises(Ambiguous):
            await send(world, carrier, UNANSWERED)
        assert [entry["to"] for entry in await world.get("/network/sends")] == [[THROTTLED], [UNANSWERED]]
        if name not in ("bandwidth", "vonage"):
            with pytest.raises(Refused) as refused:
                await send(world, carrier, OPTED_OUT)
            assert (refused.value.error_code, refused.value.recipients) == (21610, {OPTED_OUT: 21610})

    in_world(scenario)


def test_a_group_text_at_twilio_is_reported_under_its_own_names(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter("twilio", world.running.carrier_url)
        text = OutboundText(LINES["twilio"], (ANN, NEVER), "hi", tag="IM1")
        with pytest.raises(Unavailable):
            await asyncio.to_thread(carrier.send, text)
        accepted = await asyncio.to_thread(carrier.send, text)
        assert set(accepted.names.values()) == {ANN, NEVER}
        reports = [event for event in await events(world, carrier) if isinstance(event, DeliveryReport)]
        assert {report.id for report in reports} == {accepted.id}
        final = {(accepted.names[one.recipient], one.status.value) for one in reports[1::2]}
        assert final == {(ANN, "delivered"), (NEVER, "undelivered")}
        found = await asyncio.to_thread(carrier.find, text, "")
        assert found and found.accepted == accepted
        assert {(one.recipient, one.status.value) for one in found.reports} == final

    in_world(scenario)


def test_a_picture_of_a_group_text_at_twilio_is_shown_on_its_handsets(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter("twilio", world.running.carrier_url)
        picture = OutboundMedia("", "image/png", 7, "roof.png", lambda: b"picture")
        text = OutboundText(LINES["twilio"], (ANN, THROTTLED), "The roof", media=(picture,), tag="IM1")
        # Each try uploads it anew.
        for trouble in (Unavailable, Throttled, Throttled):
            with pytest.raises(trouble):
                await asyncio.to_thread(carrier.send, text)
        await asyncio.to_thread(carrier.send, text)
        for handset in (ANN, THROTTLED):
            (shown,) = await world.get(f"/handsets/{handset}/messages")
            (url,) = shown["media"]
            async with world.client.get(url) as answer:
                assert (answer.content_type, await answer.read()) == ("image/png", b"picture")

    in_world(scenario)


def test_several_files_at_vonage_are_one_message(in_world: InWorld) -> None:
    """C15."""

    async def scenario(world: Any) -> None:
        carrier = adapter("vonage", world.running.carrier_url)
        urls = ["https://example.com/roof.jpg", "https://example.com/plan.pdf"]
        kinds = ("image/jpeg", "application/pdf")
        files = tuple(
            OutboundMedia(url, kind, 7, "file", lambda: b"file") for url, kind in zip(urls, kinds, strict=True)
        )
        await asyncio.to_thread(carrier.send, OutboundText(LINES["vonage"], (ANN,), "The roof", files))
        (shown,) = await world.get(f"/handsets/{ANN}/messages")
        assert (shown["text"], shown["media"]) == ("The roof", urls)

    in_world(scenario)


def test_a_group_text_at_vonage_reaches_each_member_once_among_the_others(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        carrier = adapter("vonage", world.running.carrier_url)
        for one, other in ((ANN, BOB), (BOB, ANN)):
            text = OutboundText(LINES["vonage"], (one,), "hi", others=(other,))
            await asyncio.to_thread(carrier.send, text)
        for one, other in ((ANN, BOB), (BOB, ANN)):
            (thread,) = await world.get(f"/handsets/{one}/threads")
            assert thread["with"] == sorted([other, LINES["vonage"]])
            assert len(thread["messages"]) == 1

    in_world(scenario)


async def change(world: Any, **settings: Any) -> None:
    await world.post("/network", settings)


@pytest.mark.parametrize("report_setting", ["each", "all"])
def test_each_recipient_of_a_group_at_telnyx_fails_for_its_own_reason(in_world: InWorld, report_setting: str) -> None:
    """C1."""

    async def scenario(world: Any) -> None:
        await change(world, telnyx_group_reports=report_setting)
        carrier = adapter("telnyx", world.running.carrier_url)
        await send(world, carrier, ANN, NEVER, LANDLINE, OPTED_OUT)
        reports = [event for event in await events(world, carrier) if isinstance(event, DeliveryReport)]
        last = {report.recipient: report.error_code for report in reports if report.status is not ReceiptStatus.SENT}
        assert last == {ANN: None, NEVER: 30003, LANDLINE: 30006, OPTED_OUT: 21610}

    in_world(scenario)


def test_each_recipient_of_a_group_that_telnyx_refuses_has_its_own_code(in_world: InWorld) -> None:
    """C1."""

    async def scenario(world: Any) -> None:
        await change(world, telnyx_group_blocks="refused")
        carrier = adapter("telnyx", world.running.carrier_url)
        with pytest.raises(Refused) as refused:
            await send(world, carrier, ANN, LANDLINE, OPTED_OUT)
        assert refused.value.recipients == {LANDLINE: 30006, OPTED_OUT: 21610}

    in_world(scenario)


def test_clicks_on_links_are_no_events_of_telnyx_that_anybody_has_to_look_at(in_world: InWorld) -> None:
    """C11."""

    async def scenario(world: Any) -> None:
        await change(world, telnyx_clicks=True)
        carrier = adapter("telnyx", world.running.carrier_url)
        callback = world.front("/carriers/telnyx")
        text = OutboundText(LINES["telnyx"], (ANN,), "See https://example.com/a", callback_url=callback)
        await asyncio.to_thread(carrier.send, text)
        assert IgnoredEvent("link_clicked") in await events(world, carrier)
        assert not any(isinstance(event, MalformedWebhook) for event in await events(world, carrier))

    in_world(scenario)


def test_a_subject_at_telnyx_stands_above_the_text(in_world: InWorld) -> None:
    """C5."""

    async def scenario(world: Any) -> None:
        carrier = adapter("telnyx", world.running.carrier_url)
        for text in ("at six?", ""):
            message = {"to": [LINES["telnyx"]], "text": text, "subject": "Friday"}
            assert (await world.post(f"/handsets/{ANN}/messages", message))["subject"] == "Friday"
            await world.quiet()
        found = [event for event in await events(world, carrier) if isinstance(event, InboundText)]
        assert [event.text for event in found] == ["Friday\nat six?", "Friday"]

    in_world(scenario)


async def attached(world: Any, content: bytes, behaves: str = "good") -> str:
    url = world.front(f"/handsets/{ANN}/media?as={behaves}")
    async with world.client.post(url, data=content, headers={"Content-Type": "image/png"}) as answer:
        return str((await answer.json())["url"])


@pytest.mark.parametrize("name", LINES)
def test_file_without_an_address_does_not_lose_its_text(in_world: InWorld, name: str) -> None:
    """C12."""

    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        media = [await attached(world, b"roof", "unnamed")]
        await world.post(f"/handsets/{ANN}/messages", {"to": [LINES[name]], "text": "The roof", "media": media})
        (event,) = await events(world, carrier)
        assert isinstance(event, InboundText)
        assert (event.text, [file.url for file in event.media]) == ("The roof", [""])

    in_world(scenario)


@pytest.mark.parametrize("name", ["bandwidth", "telnyx", "twilio"])
def test_the_parts_of_an_mms_are_no_files_but_for_words_that_are_nowhere_else(in_world: InWorld, name: str) -> None:
    """C4, C6."""

    async def scenario(world: Any) -> None:
        carrier = adapter(name, world.running.carrier_url)
        seen: list[tuple[str, list[str]]] = []
        for where in ("both", "part"):
            await change(world, mms_words=where)
            await world.write(ANN, BOB, LINES[name], text="STOP")
            await world.quiet()
        for event in await events(world, carrier):
            assert isinstance(event, InboundText)
            seen.append((event.text, [file.url.rpartition(".")[2] for file in event.media]))
        assert seen == [("STOP", []), ("", ["txt"])]

    in_world(scenario)


# --- texts that came in, as carriers list them


def without_host(event: Event) -> InboundText:
    """A text whose files have no host: this process does not know its own port when it names them."""
    assert isinstance(event, InboundText)
    return replace(event, media=tuple(replace(file, url=urlsplit(file.url).path) for file in event.media))


def listing(name: str, base: str) -> InboundListing:
    secrets = {"twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": "12345", "telnyx_api_key": "KEY123"}
    return LISTINGS[name](secrets, {f"{name}_url": f"{base}/{name}"}, build_transport(10.0))


@pytest.mark.parametrize("name", LISTINGS)
def test_text_is_listed_and_its_webhook_is_rebuilt(in_world: InWorld, name: str) -> None:
    async def scenario(world: Any) -> None:
        carrier, found = adapter(name, world.running.carrier_url), listing(name, world.running.carrier_url)
        picture = await attached(world, b"\x89PNG", "good")
        await world.post(f"/handsets/{ANN}/messages", {"to": [LINES[name]], "text": "grüß & co+ ", "media": [picture]})
        await world.write(ANN, "+12065550100", text="to another line")
        arrived = await events(world, carrier)
        today = datetime.now(UTC).date()
        pages = await asyncio.to_thread(
            lambda: [list(found.iterate_pages(LINES[name], today - timedelta(days=past))) for past in (0, 1)]
        )
        [text] = [text for day in pages for page in day for text in page]
        assert text.roster_unknown == (name == "twilio")
        body = await asyncio.to_thread(found.rebuild_webhook, text.id)
        assert body is not None
        rebuilt = carrier.parse(WebhookRequest("", "", {}, {}, body))
        assert [without_host(event) for event in rebuilt] == [without_host(event) for event in arrived]

    in_world(scenario)


@pytest.mark.parametrize("name", LISTINGS)
def test_message_that_a_carrier_does_not_know_is_none(in_world: InWorld, name: str) -> None:
    async def scenario(world: Any) -> None:
        found = listing(name, world.running.carrier_url)
        assert await asyncio.to_thread(found.rebuild_webhook, "SM0") is None

    in_world(scenario)


@pytest.mark.parametrize("name", LISTINGS)
def test_texts_are_listed_for_who_has_the_credentials(in_world: InWorld, name: str) -> None:
    async def scenario(world: Any) -> None:
        secrets = {"twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": "wrong", "telnyx_api_key": "wrong"}
        urls = {f"{name}_url": f"{world.running.carrier_url}/{name}"}
        found = LISTINGS[name](secrets, urls, build_transport(10.0))
        with pytest.raises(ListingRefused):
            await asyncio.to_thread(lambda: list(found.iterate_pages(LINES[name], date(2026, 11, 28))))
        with pytest.raises(ListingRefused):
            await asyncio.to_thread(found.rebuild_webhook, "SM0")

    in_world(scenario)
