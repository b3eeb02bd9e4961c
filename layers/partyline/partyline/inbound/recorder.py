"""Record every inbound text in exactly one conversation, once, before the carrier gets its answer.

A text is recorded in three steps: *read* its context in one round trip, *decide* what becomes of it (inbound.decision,
pure), and *write* that in one transaction. The effect of a keyword (STOP, START, HELP) and the answer to it are part of
the same transaction, wherever the text goes.

Cost in round trips to the table:

    1   a repeated webhook
    2   a text that no conversation takes, and one that makes its conversation
    +1  where the two are of a group: which of its members are lines
    3   a text into a known thread: the context, the conversation, the transaction
    2   the same while the conversation's members are kept in memory, which the context confirms
    +1  a tapback: the messages that it may be about
    +1  settings that are not kept in memory, or have changed, for each Service that a new conversation may be in; those
        of a known thread are read with its conversation
    +2  a conversation that waits for its pair of numbers: the owner of the pair, and the claim once it is free

The pre-action webhook, where there is one, is asked before a text is recorded and may take five seconds. By then the
carrier may have repeated the text. Then the webhook is asked about both, and the first one that is recorded counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from partyline.carriers import error_codes
from partyline.carriers.base import InboundText
from partyline.domain import events, routing, tapbacks, timers
from partyline.domain.conversations import threads_of
from partyline.domain.events import BY_TEXT
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.routing import Arrival
from partyline.domain.services import Configuration
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.errors import Conflict
from partyline.frozen_classes import frozen, replace
from partyline.inbound import keyword_writes, message_builder, new_conversation, unrouted_inbox
from partyline.inbound.decision import (
    Copied,
    Decision,
    IntoKnown,
    IntoNew,
    Repeated,
    Unrouted,
    counts_as_copy,
    decide,
)
from partyline.inbound.inbound_context import InboundContext, InboundReader
from partyline.inbound.keywords import KeywordEffect
from partyline.inbound.new_conversation import ConversationHome
from partyline.storage import (
    conversation_items,
    conversations,
    copies,
    event_outbox,
    inbound_records,
    memberships,
    messages,
    receipts,
    retry,
    sweeps,
    unrouted,
)
from partyline.storage.grouped_writes import write_groups
from partyline.storage.inbound_records import ThreadOwner
from partyline.storage.memberships import NewConversation
from partyline.storage.roster_cache import RosterCache
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Table, Write
from partyline.webhooks import overrides, pre_action
from partyline.webhooks.pre_action import Consult

# Carriers repeat a text for a day and may hold it longer. A time that was never set reads as 1970 or the year 1.
_MAX_AGE = timedelta(days=365)
# How many items are read to find the message that a tapback is about: messages and their receipts.
_RECENT_ITEMS = 200
# How often one attempt reads anew when the conversation has changed between two of its reads.
_READS = 3


class RecordOutcome(StrEnum):
    """What became of a text."""

    RECORDED = "recorded"  # a message of an existing conversation
    CREATED = "created"  # the first message of a new conversation
    REPEATED = "repeated"  # this copy was recorded before
    COPIED = "copied"  # another own number's copy was recorded, or we sent it ourselves
    UNROUTED = "unrouted"  # stored in the inbox of unrouted texts


@frozen
class RecordResult:
    """What became of a text, and where it is.

    `unanswered` is set when the text is a keyword whose answer is withheld (opt_outs.is_answer_allowed).
    """

    outcome: RecordOutcome
    conversation_sid: str = ""
    message_sid: str = ""
    reason: UnroutedReason | None = None
    unanswered: bool = False


@frozen
class InboundRecorder:
    """Records inbound texts.

    `service_sid` is the account's first Service: its default one while the account has no settings. `consult` asks the
    pre-action webhook. `settings` keeps the settings of Services, and `rosters` the members of conversations; without
    them these are read for each text.
    """

    table: Table
    service_sid: str
    consult: Consult
    settings: SettingsCache | None = None
    rosters: RosterCache | None = None

    def record(self, text: InboundText, now: datetime) -> RecordResult:
        """Record a text. Exactly once for each carrier message id, and once for all copies of a message.

        The pre-action webhook is asked once, before a conversation or a message is made; a text that it rejects is
        stored with the unrouted texts.

        Returns when it is durable. Raises Conflict when it lost every race, and the table's errors: then nothing was
        recorded and the carrier must repeat its webhook.
        """
        text = replace(text, received_at=_plausible_time(text.received_at, now))
        arrival = routing.build_arrival(text.sender, text.recipients, text.line, *text.other_lines)
        return retry.CONTENDED.run(partial(self._start(now).record, text, arrival, now))

    def record_unrouted(self, unrouted_text: UnroutedText, now: datetime) -> RecordResult:
        """Record an unrouted text again, now that a conversation may take it.

        It is recorded as if it had just come, but it was counted when it came, and a keyword is not answered any more.
        Exactly once: it leaves the inbox in the transaction that records it. A text that is still unrouted stays there
        with the reason of now.

        Raises Conflict when it was taken out meanwhile, or lost every race.
        """
        text = unrouted_inbox.to_inbound_text(unrouted_text)
        arrival = routing.build_arrival(text.sender, text.recipients, text.line)
        attempt = partial(self._start(now).record, text, arrival, now, unrouted_text)
        return retry.CONTENDED.run(attempt, can_retry=_can_record_again)

    def _start(self, now: datetime) -> _Recording:
        reader = InboundReader(self.table, reads_version=True, rosters=self.rosters or RosterCache())
        settings = self.settings or SettingsCache(self.table, lambda: now)
        return _Recording(self.table, self.service_sid, settings, reader, pre_action.memoize(self.consult))


@frozen
class _Recording:
    """The recording of one text. Its attempts share the decision of the pre-action webhook."""

    table: Table
    service_sid: str
    settings: SettingsCache
    reader: InboundReader
    consult: Consult

    def record(
        self, text: InboundText, arrival: Arrival, now: datetime, unrouted_text: UnroutedText | None = None
    ) -> RecordResult:
        """Make one attempt. Raises Conflict when it lost a race: then nothing was recorded."""
        for _ in range(_READS):
            context = self.reader.read(text, arrival, now, unrouted_text)
            result = self._write(context, decide(context))
            if result is not None:
                return result
        raise Conflict({})

    def _write(self, context: InboundContext, decision: Decision) -> RecordResult | None:
        """Write a decision; None when the conversation has changed since the context was read."""
        if isinstance(decision, Repeated):
            return RecordResult(RecordOutcome.REPEATED)
        effect = decision.effect
        write_groups(self.table, keyword_writes.build_early_writes(context, effect))
        result = self._write_once(context, decision, _build_once(context, effect))
        return replace(result, unanswered=effect.is_answer_withheld) if result else None

    def _write_once(
        self, context: InboundContext, decision: Copied | Unrouted | IntoKnown | IntoNew, once: list[Write]
    ) -> RecordResult | None:
        match decision:
            case Copied():
                self.table.transact(once)
                return RecordResult(RecordOutcome.COPIED)
            case Unrouted():
                return self._store_unrouted(context, decision.reason, once)
            case IntoKnown():
                return self._record_known(context, decision, once)
            case IntoNew():
                return self._record_new(context, decision, once)

    def _record_known(self, context: InboundContext, decision: IntoKnown, once: list[Write]) -> RecordResult | None:
        """Make a text the next message of a conversation; None when that no longer owns the thread as it was read."""
        now, keyword = context.now, decision.effect.keyword
        roster, webhooks = self._find_owner(context, decision.owner)
        if roster is None or context.arrival.thread not in roster.conversation.threads:
            return None
        if timers.next_change(roster.conversation, now) is not None:
            # Time has made it inactive or closed, and that is not written down yet.
            conversations.apply_due_timers(self.table, roster.conversation, now)
            return None
        roster = self._claim_free_threads(roster, now)
        tapback = message_builder.parse_tapback(context.text, keyword)
        # Read in each attempt: what won the race may be the message that a tapback is about.
        recent = self._fetch_recent(roster) if tapback else []
        attributes = message_builder.build_attributes(keyword, tapback, recent)
        planned = message_builder.plan_message(context, roster, keyword, attributes)
        event = events.message_event("onMessageAdd", planned.message, roster.conversation)
        answer = self.consult(webhooks, event, BY_TEXT)
        if answer.rejected:
            return self._store_unrouted(context, UnroutedReason.REJECTED, once)
        message = overrides.apply_to_message(planned.message, answer)
        # A text that is here already cannot be refused, so its unreached handsets get failed receipts.
        failed = receipts.build_failed(message, planned.unreached, error_codes.NO_ROUTE)
        is_known = tapback is not None and tapbacks.read_mark(message.attributes) is not None
        recording = messages.recording_writes(roster, message, now, cause=BY_TEXT, failed=failed, is_tapback=is_known)
        noted = keyword_writes.build_activity_writes(context, decision.effect, roster, message)
        self.table.transact([*once, *recording, *noted])
        return RecordResult(RecordOutcome.RECORDED, message.conversation_sid, message.sid)

    def _fetch_recent(self, roster: Roster) -> list[Message]:
        return inbound_records.fetch_recent_messages(self.table, roster.conversation.sid, max_items=_RECENT_ITEMS)

    def _find_owner(self, context: InboundContext, owner: ThreadOwner) -> tuple[Roster | None, WebhookConfiguration]:
        """Return the conversation that owns the thread, and the webhooks in force in its Service.

        Takes no round trip, or one for what is not kept: the members, the settings.
        """
        found = context.records.conversation
        roster = self.reader.rosters.find(context.arrival.thread, found) if found else None
        if roster and roster.conversation.sid == owner.conversation_sid:
            service_sid = roster.conversation.service_sid
            return roster, self.settings.fetch(service_sid, context.records.settings_version).webhooks
        roster, webhooks = self._load_owner(context, owner)
        if roster:
            self.reader.rosters.keep(context.arrival.thread, roster)
        return roster, webhooks

    def _load_owner(self, context: InboundContext, owner: ThreadOwner) -> tuple[Roster | None, WebhookConfiguration]:
        """Read the conversation that owns the thread, and settings that are not kept, in parallel."""
        version = context.records.settings_version
        if owner.service_sid is None:
            roster = conversations.load(self.table, owner.conversation_sid)
            service_sid = roster.conversation.service_sid if roster else self.service_sid
            return roster, self.settings.fetch(service_sid, version).webhooks
        if kept := self.settings.find(owner.service_sid, version):
            return conversations.load(self.table, owner.conversation_sid), kept.webhooks
        with ThreadPoolExecutor(1) as executor:
            fetching = executor.submit(self.settings.fetch, owner.service_sid, version)
            roster = conversations.load(self.table, owner.conversation_sid)
            return roster, fetching.result().webhooks

    def _claim_free_threads(self, roster: Roster, now: datetime) -> Roster:
        """Claim the pair of a group, if another conversation owned it when the members joined and it is free by now."""
        missing = threads_of(roster.participants) - roster.conversation.threads
        if not missing or any(conversations.find_open_owner(self.table, thread, now) for thread in missing):
            return roster
        return memberships.claim_threads(self.table, roster, now)

    def _record_new(self, context: InboundContext, decision: IntoNew, once: list[Write]) -> RecordResult:
        """Make a conversation with a text as its first message."""
        home = self._find_home(context, decision)
        roster = new_conversation.build_roster(context, home)
        keyword = decision.effect.keyword
        tapback = message_builder.parse_tapback(context.text, keyword)
        message = message_builder.build_message(context, roster, message_builder.build_attributes(keyword, tapback))
        event = new_conversation.build_request_event(context, roster.conversation, message)
        answer = self.consult(home.settings.webhooks, event, BY_TEXT)
        if answer.rejected:
            # If another text has made the conversation meanwhile, this one goes there.
            unowned = inbound_records.build_unowned_check(context.arrival.thread)
            return self._store_unrouted(context, UnroutedReason.REJECTED, [*once, unowned])
        name = overrides.read_friendly_name(answer)
        sweep_at = sweeps.plan_sweep(message, None, context.now)
        conversation = replace(roster.conversation, last_index=message.index, friendly_name=name, sweep_at=sweep_at)
        webhook = new_conversation.build_webhook(home.line, conversation)
        has_webhooks = webhook is not None
        conversation = conversation_items.form_new(
            self.table, conversation, roster.participants, has_webhooks=has_webhooks
        )
        made = replace(roster, conversation=conversation, has_webhooks=has_webhooks)
        batch = new_conversation.build_events(context, made, message)
        self.table.transact(
            [
                *once,
                *([inbound_records.build_webhook_write(webhook)] if webhook else []),
                *NewConversation(
                    conversation, roster.participants, context.now, has_webhooks=has_webhooks
                ).build_writes(),
                *messages.message_writes(message, context.now, sweep_at),
                *event_outbox.build_writes(batch),
                *keyword_writes.build_activity_writes(context, decision.effect, roster, message),
            ]
        )
        self.reader.rosters.keep(context.arrival.thread, made)
        return RecordResult(RecordOutcome.CREATED, message.conversation_sid, message.sid)

    def _find_home(self, context: InboundContext, decision: IntoNew) -> ConversationHome:
        """Find the Service of a new conversation, with its settings."""
        version = context.records.settings_version
        account = self.settings.fetch(self.service_sid, version)
        configuration = account.configuration or Configuration(self.service_sid)
        candidates = new_conversation.list_candidates(decision.line, configuration)
        services = {sid: self.settings.fetch(sid, version) for sid in set(candidates)}
        return new_conversation.choose_home(decision.line, configuration, services)

    def _store_unrouted(self, context: InboundContext, reason: UnroutedReason, once: Sequence[Write]) -> RecordResult:
        """Store a text in the inbox of unrouted texts; one that is there already gets the reason of now."""
        if context.unrouted_text:
            unrouted.update_reason(self.table, context.unrouted_text, reason)
        else:
            stored = unrouted_inbox.build_unrouted_text(context, reason)
            self.table.transact([*once, unrouted.put_write(stored)])
        return RecordResult(RecordOutcome.UNROUTED, reason=reason)


def _build_once(context: InboundContext, effect: KeywordEffect) -> list[Write]:
    """Build the writes that record a text once, wherever it goes: its claim, its count as a copy, its keyword.

    Labels: unrouted or received, copies, and those of a keyword.
    """
    text, now = context.text, context.now
    claim = (
        unrouted.delete_write(context.unrouted_text)
        if context.unrouted_text
        else inbound_records.build_received_write(text.carrier, text.id, now)
    )
    counter, receivers = context.records.counter, context.arrival.receivers
    counts = [copies.build_count_write(counter, receivers, now)] if counts_as_copy(context) else []
    return [claim, *counts, *keyword_writes.build_writes(context, effect)]


def _plausible_time(carrier_time: datetime | None, now: datetime) -> datetime | None:
    """Return a carrier's time of a text: at most now, and None when it is too old to be right."""
    return min(carrier_time, now) if carrier_time and now - carrier_time <= _MAX_AGE else None


def _can_record_again(error: Exception) -> bool:
    """Whether a lost race may be won: not when another request took the unrouted text."""
    return isinstance(error, Conflict) and "unrouted" not in error.failed
