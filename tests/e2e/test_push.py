"""Notifications from a handset's text to a browser: through the carrier, the stream, the push function and KMS.

The push service listens on this machine, which the stack's `AllowedNetworks` permits.
"""

from __future__ import annotations

import time

from local.stack import Stack
from tests.support.push_service import PushBrowser, PushService, from_text, listening
from tests.support.stack_world import World, new_number, until
from tests.support.staff import StaffMember

LINE = "+12065550101"


def test_a_text_becomes_a_notification_that_only_the_browser_can_read(stack: Stack, world: World) -> None:
    ann, ben = StaffMember(world, "ann", "inbox member"), StaffMember(world, "ben", "inbox limited")
    kays, bobs = new_number(), new_number()
    kay = ann.add_contact("Kay", kays, owner=ben.identity)
    group = str(ann.create_group(LINE, [{"contact_sid": kay}, {"address": bobs}], FriendlyName="12 Elm").body["sid"])
    until(lambda: ann.read(f"/Conversations/{group}")["state"], lambda state: state == "active")
    key = from_text(ann.read("/PushSubscriptions/Key")["public_key"])
    service = PushService(key, time.time(), stack.url.replace("http:", "https:"))
    with listening(service) as base:
        browsers = {one: PushBrowser(f"{base}{one.user_sid}") for one in (ann, ben)}
        # For ann the conversation is one of many: she is not in charge of it.
        ann.made("/PushSubscriptions", browsers[ann].form("mine"))
        ben.made("/PushSubscriptions", browsers[ben].form("mine"))
        world.text(kays, LINE, bobs, text="On my way")
        [notice] = until(lambda: service.notices(browsers[ben]))
        assert {
            name: notice[name] for name in ("identity", "conversation_sid", "title", "sender", "text", "unread")
        } == {
            "identity": ben.identity,
            "conversation_sid": group,
            "title": "12 Elm",
            "sender": "Kay",
            "text": "On my way",
            "unread": None,
        }
        ann.made("/PushSubscriptions", browsers[ann].form("all"))
        [sid] = [one["sid"] for one in ben.read("/PushSubscriptions")["push_subscriptions"]]
        assert ben.delete(f"/PushSubscriptions/{sid}").status == 204
        world.text(bobs, LINE, kays, text="Me too")
        [told] = until(lambda: service.notices(browsers[ann]))
        assert (told["sender"], told["text"]) == (bobs, "Me too")
        assert len(service.notices(browsers[ben])) == 1
