"""Send the notifications of one message to the push services of the browsers that show it.

Delivery: at least once for each message and browser, tried for a quarter of an hour at most. A browser that gets a
notification twice shows one: the second takes the place of the first, as a newer message of the conversation does.
Browsers that were not reached are named in a new queue message, so that the others do not get theirs again.

    2xx                          the push service has it
    404, 410                     the browser is no longer subscribed: the subscription is deleted
    429, 5xx, no answer          tried again, later
    any other answer             given up: another try would be answered the same
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from partyline.domain.inbox import EntrySources
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.push_notices import PushNotice, build_notice, find_author, is_news
from partyline.domain.push_subscriptions import PushSubscription, build_topic, decode_key
from partyline.errors import RequestError, RequestRefused
from partyline.frozen_classes import frozen, replace
from partyline.http_client import HttpRequest, HttpResponse, SendRequest
from partyline.queues.queue_messages import PushJob
from partyline.storage import contacts, conversations, messages, push_subscriptions, users
from partyline.storage.table import Table
from partyline.web_push.encryption import CONTENT_ENCODING, BrowserKeys, encrypt
from partyline.web_push.recipients import PushRecipient, RecipientFinder
from partyline.web_push.vapid import PushIdentification

# An older message is no news any more.
PATIENCE = timedelta(minutes=15)
MAX_TRIES = 6
# For how long a push service keeps a notification for a browser that is not there.
TTL = timedelta(hours=24)
# Seconds for one push service to answer, and how many are asked at a time.
TIMEOUT = 5
AT_ONCE = 16
_FIRST_BACKOFF, _MAX_BACKOFF = 5, 300


class PushOutcome(StrEnum):
    """The outcome for one browser."""

    DELIVERED = "delivered"
    GONE = "gone"  # it is no longer subscribed
    RETRIED = "retried"  # tried again after a while
    REFUSED = "refused"  # the push service does not take it
    DROPPED = "dropped"  # its time is over


@frozen
class PushResult:
    """What has become of a job: how many browsers have each outcome, and the job that is left, with its delay."""

    outcomes: Mapping[PushOutcome, int]
    left: PushJob | None = None
    delay: int = 0


@frozen
class _Answer:
    """The outcome for a browser, and the seconds that its push service asks to wait."""

    outcome: PushOutcome
    wait: int = 0


@frozen
class PushSender:
    """Sends notifications. `request` sends to public servers only; `has_time` is asked before each browser."""

    table: Table
    identification: PushIdentification
    request: SendRequest
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]

    def send(self, job: PushJob) -> PushResult:
        """Send the notifications of a job. Raises only what the table and the signing key raise."""
        roster = conversations.load(self.table, job.conversation_sid)
        found = messages.fetch(self.table, job.conversation_sid, job.message_sid)
        if roster is None or found is None or roster.conversation.service_sid != job.service_sid:
            return PushResult({})
        author = find_author(found.message, roster.participants)
        if author is None or not is_news(found.message, author):
            return PushResult({})
        if self.clock() - found.message.created > PATIENCE:
            return PushResult({PushOutcome.DROPPED: len(job.subscriptions)} if job.subscriptions else {})
        return self._send_to_all(job, roster, found.message, author)

    def _send_to_all(self, job: PushJob, roster: Roster, message: Message, author: Participant) -> PushResult:
        numbers = {member.address for member in roster.participants if member.address}
        holders = contacts.fetch_holders(self.table, job.service_sid, numbers) if numbers else {}
        owners = frozenset(holder.owner for holder in holders.values() if holder.owner)
        finder = RecipientFinder(self.table, roster, message, author, owners)
        recipients = finder.find(job.subscriptions, self.clock())
        if not recipients:
            return PushResult({})
        names = self._read_names(job.service_sid, author)
        notice = build_notice(EntrySources(roster, holders, message), message, author, names)
        # Before anything is sent: what fails for all has then reached none.
        requests = [self._build_request(one, notice, roster) for one in recipients]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(self._ask, requests))
        return self._settle(job, [one.subscription for one in recipients], answers)

    def _read_names(self, service_sid: str, author: Participant) -> dict[str, str]:
        """Read the friendly name of an author who is a person of the app."""
        found = users.fetch_with_revocations(self.table, service_sid, [author.identity] if author.identity else [])
        return {identity: user.friendly_name for identity, (user, _) in found.items() if user and user.friendly_name}

    def _build_request(self, recipient: PushRecipient, notice: PushNotice, roster: Roster) -> HttpRequest:
        subscription = recipient.subscription
        unread = messages.unread_news(self.table, roster.conversation, recipient.last_read, subscription.identity)
        keys = BrowserKeys(decode_key(subscription.p256dh) or b"", decode_key(subscription.auth) or b"")
        headers = {
            "Authorization": self.identification.authorize(subscription.endpoint),
            "Content-Encoding": CONTENT_ENCODING,
            "Content-Type": "application/octet-stream",
            "TTL": str(int(TTL.total_seconds())),
            "Topic": build_topic(subscription.sid, notice.conversation_sid),
            "Urgency": "high",
        }
        body = encrypt(notice.encode(subscription.identity, unread), keys)
        return HttpRequest("POST", subscription.endpoint, headers, body)

    def _ask(self, request: HttpRequest) -> _Answer:
        if not self.has_time():
            return _Answer(PushOutcome.RETRIED)
        try:
            # Only the status and the headers matter.
            return _read(self.request(request, timeout=TIMEOUT, max_body=0))
        except RequestRefused:
            return _Answer(PushOutcome.REFUSED)
        except RequestError:
            return _Answer(PushOutcome.RETRIED)

    def _settle(self, job: PushJob, asked: Sequence[PushSubscription], answers: Sequence[_Answer]) -> PushResult:
        outcomes: Counter[PushOutcome] = Counter(answer.outcome for answer in answers)
        pairs = list(zip(asked, answers, strict=True))
        for subscription, answer in pairs:
            if answer.outcome is PushOutcome.GONE:
                push_subscriptions.remove(self.table, subscription)
        again = [one for one in pairs if one[1].outcome is PushOutcome.RETRIED]
        if not again:
            return PushResult(outcomes)
        if job.tries + 1 >= MAX_TRIES:
            del outcomes[PushOutcome.RETRIED]
            return PushResult({**outcomes, PushOutcome.DROPPED: len(again)})
        sids = tuple(subscription.sid for subscription, _ in again)
        delay = max(_back_off(job.tries), *(answer.wait for _, answer in again))
        return PushResult(outcomes, replace(job, subscriptions=sids, tries=job.tries + 1), delay)


def _read(response: HttpResponse) -> _Answer:
    status = response.status
    if 200 <= status < 300:
        return _Answer(PushOutcome.DELIVERED)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return _Answer(PushOutcome.GONE)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = response.headers.get("retry-after", "")
        wait = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= 6 else 0
        return _Answer(PushOutcome.RETRIED, min(wait, _MAX_BACKOFF))
    return _Answer(PushOutcome.REFUSED)


def _back_off(tries: int) -> int:
    """Return the seconds until the next try: 5 seconds to 5 minutes, with jitter."""
    longest = min(_FIRST_BACKOFF * 2.0**tries, _MAX_BACKOFF)
    return round(random.uniform(0.75, 1.0) * longest)  # noqa: S311  (jitter, not secrecy)
