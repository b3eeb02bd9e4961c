"""Staff with browsers, a push service, and the sender between them, over a real table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import boto3
import pytest

from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.queues.queue_messages import PushJob
from partyline.storage import conversations, keys, lines, services
from partyline.storage.table import Table, change
from partyline.web_push.push_sender import PushResult, PushSender
from partyline.web_push.server_key import ServerKey
from partyline.web_push.vapid import PushIdentification
from tests.support.api_harness import Api, Clock, P, build_context
from tests.support.people import SERVICE, staff
from tests.support.push_service import PushBrowser, PushService

CONTACT = "https://texts.example/prod"


@dataclass
class PushWorld:
    """Everything a test of notifications begins with."""

    api: Api
    clock: Clock
    service: PushService
    key: ServerKey
    browsers: dict[str, PushBrowser] = field(default_factory=dict)
    has_time: Callable[[], bool] = lambda: True

    def person(self, identity: str, scope: str = "all", *permissions: str) -> Api:
        """Somebody of the staff, with a browser that shows notifications."""
        who = staff(self.api, identity, *permissions)
        self.browsers[identity] = PushBrowser(f"https://push.example/send/{identity}")
        who.made("/PushSubscriptions", self.browsers[identity].form(scope))
        return who

    def text(self, conversation: str, handset: str, body: str = "On my way", attributes: str = "{}") -> PushJob:
        """What the relay queues for a text that comes from a handset now."""
        table = self.api.context.table
        roster = conversations.load(table, conversation)
        assert roster
        own = next(one for one in roster.participants if one.projected_address)
        message = self.api.say(conversation, body, own.author)
        assert message.status == 201, message.body
        [sid] = [one.sid for one in roster.participants if one.address == handset]
        written = {"author": handset, "participant_sid": sid, "attributes": attributes}
        table.write(change("message", keys.message(conversation, message.body["sid"]), written))
        return PushJob(SERVICE, conversation, message.body["sid"])

    def send(self, job: PushJob) -> PushResult:
        """Run the sender."""
        identification = PushIdentification(self.key, CONTACT, self.clock)
        sender = PushSender(self.api.context.table, identification, self.service.send, self.clock, self.has_time)
        return sender.send(job)

    def told(self, job: PushJob) -> list[str]:
        """Who is told of a message, one name for each notification."""
        self.service.sent.clear()
        self.send(job)
        return sorted(one.url.rpartition("/")[2] for one in self.service.sent)


@pytest.fixture
def world(table: Table) -> PushWorld:
    clock, kms = Clock(), boto3.client("kms")
    services.create_account(table, SERVICE, clock())
    lines.register(table, Line(sids.new(sids.LINE), P, "bandwidth", clock(), clock(), AutoCreation.GROUPS))
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    key = ServerKey(kms, made["KeyMetadata"]["KeyId"])
    api = Api(build_context(table, clock))
    api = replace(api, context=replace(api.context, push_key=key.read_public))
    return PushWorld(api, clock, PushService(key.read_public(), clock().timestamp(), CONTACT), key)
