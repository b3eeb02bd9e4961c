"""Recording what carriers bring: every text in exactly one conversation, once, before the carrier gets its answer.

A text into a known thread costs three round trips to the table (what is there, the conversation, the transaction); one
that makes its conversation two, and one more where it is made in another Service than the account's first; one that
nobody takes two; a repeat one. A tapback into a known thread costs one more: what was said before. A text into
a conversation that waits for its pair of numbers costs two more: whose it is, and to claim it once it is nobody's.

A keyword (STOP, START, HELP) takes effect in the transaction that records its text, wherever that goes, and the answer
to it is queued there too. What the numbers of the thread know of its sender is read with the rest.

Before it is recorded the pre-action webhook is asked, where there is one, which may take five seconds. By then the
carrier may have repeated it: both are asked about, and the first to be recorded is the one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from partyline.carriers import base, error_codes
from partyline.carriers.base import InboundText, MalformedWebhook
from partyline.domain import addresses, events, membership, routing, sids, tapbacks, threads, timers
from partyline.domain.attachments import Media, MediaState
from partyline.domain.conversations import Conversation, ConversationState, threads_of
from partyline.domain.events import BY_TEXT, EventBatch
from partyline.domain.lines import AutoCreationType, Line
from partyline.domain.membership import Roster
from partyline.domain.messages import Message, Origin
from partyline.domain.opt_outs import Keyword
from partyline.domain.participants import Participant
from partyline.domain.routing import Arrival
from partyline.domain.services import Configuration, Service, default_timers
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import (
    POST_EVENTS,
    ScopedWebhook,
    WebhookConfiguration,
    WebhookMethod,
    WebhookTarget,
    select_configuration,
)
from partyline.errors import Conflict
from partyline.inbound import keywords
from partyline.storage import codec, conversations, event_outbox, keys, memberships, messages, receipts, retry, unrouted
from partyline.storage.table import NEW, Item, Table, Write, check, put
from partyline.webhooks import overrides, pre_action
from partyline.webhooks.pre_action import Consult

# Far beyond any carrier's repeats (Bandwidth: 24 hours). Twilio's signature carries no time, so this is also how long a
# replayed webhook is recognised.
RECEIVED_LIFE = timedelta(days=60)
# What is kept of an unreadable webhook, in bytes: an item of the table holds 400 KB, and its indexes copy it.
MAX_RAW = 256 * 1024
# Carriers repeat a text for a day, and hold one for some more; what is not set reads as 1970, or the year 1.
_MAX_AGE = timedelta(days=365)
# How far back it is looked for what a tapback is about, in items: messages and their receipts.
_RECENT = 200


class RecordOutcome(StrEnum):
    """What became of a text."""

    RECORDED = "recorded"  # a message of a conversation that was there
    CREATED = "created"  # the first message of a new conversation
    REPEATED = "repeated"  # this copy was recorded before
    COPIED = "copied"  # another own number's copy of it was, or we sent it ourselves
    UNROUTED = "unrouted"  # kept in the inbox of unrouted texts


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of a text, and where it is. `unanswered` is a keyword whose answer was left out, since there were
    enough lately."""

    outcome: RecordOutcome
    conversation_sid: str = ""
    message_sid: str = ""
    reason: UnroutedReason | None = None
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class InboundRecorder:
    """Records inbound texts.

    `service_sid` is the account's first Service: its default one while the account has no settings. `ask` asks the
    pre-action webhook.
    """

    table: Table
    service_sid: str
    ask: Consult

    def record(self, text: InboundText, now: datetime) -> RecordResult:
        """Record a text. Exactly once for each carrier message id, and once for all copies of a message.

        The pre-action webhook is asked once, before a conversation or a message is made; a text that it rejects is
        stored with the unrouted texts.

        Returns when it is durable. Raises Conflict when it lost every race, and the table's errors: then nothing was
        recorded and the carrier must repeat its webhook.
        """
        text = replace(text, received_at=_believable(text.received_at, now))
        arrived = routing.build_arrival(text.sender, text.recipients, text.line, *text.other_lines)
        desk = _Desk(self.table, self.service_sid, pre_action.memoize(self.ask))
        return retry.CONTENDED.run(lambda: _attempt(desk, text, arrived, now))

    def record_unrouted(self, kept: UnroutedText, now: datetime) -> RecordResult:
        """Record an unrouted text again, now that a conversation may take it.

        It is recorded as if it had just come, but it was counted when it came, and a keyword is not answered any more.
        Exactly once: it leaves the inbox in the transaction that records it. A text that is still unrouted stays there
        with the reason of now.

        Raises Conflict when it was taken out meanwhile, or lost every race.
        """
        text = InboundText(
            carrier=kept.carrier,
            id=kept.carrier_message_id,
            line=kept.line,
            sender=kept.sender,
            recipients=kept.recipients,
            text=kept.body,
            media=tuple(base.InboundMedia(part.url, part.content_type, part.sha256) for part in kept.media),
            # Without a carrier's time, when the text came in: closer than the time of routing it again.
            received_at=kept.received_at or kept.created,
            answered=Keyword(kept.answered) if kept.answered else None,
            only_subject=kept.only_subject,
        )
        arrived = routing.build_arrival(text.sender, text.recipients, text.line)
        desk = _Desk(self.table, self.service_sid, pre_action.memoize(self.ask), kept)
        return retry.CONTENDED.run(lambda: _attempt(desk, text, arrived, now), can_retry=_can_record_again)


def _can_record_again(error: Exception) -> bool:
    """Whether a lost race may be won: not when another request took the unrouted text."""
    return isinstance(error, Conflict) and "unrouted" not in error.failed


def store_malformed(
    table: Table, carrier: str, malformed: MalformedWebhook, now: datetime, tag: str | None = None
) -> UnroutedText:
    """Keep an authentic webhook that cannot be understood, with our tag where its URL brought one: once for the same
    content, however often it is repeated."""
    kept = UnroutedText(
        sid=sids.derive(sids.UNROUTED, carrier, malformed.raw),
        carrier=carrier,
        carrier_message_id="",
        reason=UnroutedReason.MALFORMED,
        created=now,
        raw=malformed.raw.encode("utf-8", "replace")[:MAX_RAW].decode("utf-8", "ignore"),
        tag=tag,
    )
    table.write(unrouted.put_write(kept))
    return kept


@dataclass(frozen=True, slots=True)
class _Desk:
    """What recording one text works with. `kept` is the text itself when it has been among the unrouted."""

    table: Table
    first: str
    ask: Consult
    kept: UnroutedText | None = None


def _attempt(desk: _Desk, text: InboundText, arrived: Arrival, now: datetime) -> RecordResult:
    table = desk.table
    # Of a roster that is too large only the numbers are looked up that its carrier names as ours.
    fits = len(arrived.roster) <= routing.MAX_ROSTER
    received = keys.received(text.carrier, text.id)
    thread = keys.thread(threads.digest(arrived.thread))
    counter = messages.copies_key(arrived.thread, arrived.sender, text.text, len(text.media))
    # Most conversations are made in the first Service, so what holds there is read on the chance.
    fixed = [keys.configuration(), keys.account_webhooks(), *_of_service(desk.first)]
    wanted = arrived.roster if fits else arrived.receivers
    people = [*keywords.keys_to_read(text, arrived, wanted), *(keys.line(member) for member in wanted)]
    found = table.get_all([received, thread, counter, *fixed, *people])
    if received in found and desk.kept is None:
        return RecordResult(RecordOutcome.REPEATED)
    lines = {member: codec.decode(Line, found[keys.line(member)]) for member in wanted if keys.line(member) in found}
    # A line that was given up may still be one of its conversation's.
    arrived = arrived.among({*lines, *(found[thread]["own"] if thread in found else ())})
    keyword = keywords.detect_keyword(text, arrived, lines)
    once = [unrouted.delete_write(desk.kept) if desk.kept else _receive(received, now)]
    if _counts(desk, arrived):
        before = found.get(counter)
        seen = messages.seen_in(before)
        once.append(messages.count_copy(counter, before, arrived.receivers, now))
        if seen.at(*arrived.receivers).logical() == seen.logical():
            table.transact_apart(_effect_of_copy(desk, text, arrived, keyword, lines, found, now))
            table.transact(once)
            return RecordResult(RecordOutcome.COPIED)
    unanswered = False
    if keyword and desk.kept is None:
        effect = keywords.plan_effect(keyword, text, arrived, lines, found, now)
        table.transact_apart(effect.first)
        once.extend(effect.writes)
        unanswered = effect.unanswered
    elif keyword and (held := keywords.plan_replay_effect(keyword, text, arrived, lines, found, now)):
        # It holds whatever becomes of the text.
        table.transact_apart(held)
    if not fits:
        kept = _keep_unrouted(desk, text, arrived, UnroutedReason.ROSTER_TOO_LARGE, once, now)
        return replace(kept, unanswered=unanswered)
    return replace(_place(desk, text, arrived, lines, found, keyword, once, now), unanswered=unanswered)


def _place(
    desk: _Desk,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    found: Mapping[keys.Key, Item],
    keyword: Keyword | None,
    once: list[Write],
    now: datetime,
) -> RecordResult:
    """Record a text where it belongs, together with the writes that are made `once` for it."""
    if keys.thread(threads.digest(arrived.thread)) in found:
        return _record_known(desk, text, arrived, found, keyword, once, now)
    line = routing.find_line(arrived, lines)
    if isinstance(line, UnroutedReason):
        return _keep_unrouted(desk, text, arrived, UnroutedReason.KEYWORD if keyword else line, once, now)
    return _record_new(desk, text, arrived, lines, _home(desk, line, found), keyword, once, now)


def _counts(desk: _Desk, arrived: Arrival) -> bool:
    """Whether a text counts as a copy. Any group may have another own number that is not registered (yet, or any
    more), and brings a text more than once then. What is routed again was counted when it came, unless it was
    unknown then which of its numbers was ours."""
    is_new = desk.kept is None or not desk.kept.line
    return is_new and bool(arrived.receivers) and not threads.is_pair(arrived.thread)


def _effect_of_copy(
    desk: _Desk,
    text: InboundText,
    arrived: Arrival,
    keyword: Keyword | None,
    lines: Mapping[str, Line],
    found: Mapping[keys.Key, Item],
    now: datetime,
) -> list[Write]:
    """What a copy sets off, though its text is recorded: a keyword may hold for more numbers."""
    if desk.kept is None:
        return keywords.plan_copy_effect(text, arrived, lines, found, now)
    return keywords.plan_replay_effect(keyword, text, arrived, lines, found, now) if keyword else []


def _believable(told: datetime | None, now: datetime) -> datetime | None:
    """A carrier's time of a text that comes now, if it can be right: at most now, and None when it is far too old."""
    return min(told, now) if told and now - told <= _MAX_AGE else None


def _receive(key: keys.Key, now: datetime) -> Write:
    return put("received", key, {"ttl": int((now + RECEIVED_LIFE).timestamp())}, NEW)


def _record_known(
    desk: _Desk,
    text: InboundText,
    arrived: Arrival,
    found: Mapping[keys.Key, Item],
    keyword: Keyword | None,
    once: list[Write],
    now: datetime,
) -> RecordResult:
    table = desk.table
    roster, webhooks = _owner(desk, arrived, found)
    if roster is None or arrived.thread not in roster.conversation.threads:
        # It was closed, deleted or changed between the two reads.
        raise Conflict({})
    if timers.next_change(roster.conversation, now) is not None:
        # Time has made it inactive or closed, and nobody has written that down yet.
        conversations.apply_due_timers(table, roster.conversation, now)
        raise Conflict({})
    roster = _claimed(table, roster, now)
    author = routing.find_author(arrived.sender, arrived.thread, roster.participants)
    wanted = threads_of(roster.participants)
    # A keyword is said to the number, not to the people behind other threads.
    planned = () if keyword else routing.plan_sends(roster.participants, wanted, author, arrived_on=arrived.thread)
    sends = tuple(send for send in planned if send.thread in roster.conversation.threads)
    # Read in each try: what this one loses its race to may be what it is about, or make that uncertain.
    attributes = _attributes(text, keyword, lambda: _recent(table, roster.conversation.sid))
    message = replace(_message(text, arrived, roster.conversation, author, now), attributes=attributes, sends=sends)
    answer = desk.ask(webhooks, events.message_event("onMessageAdd", message, roster.conversation), BY_TEXT)
    if answer.rejected:
        return _keep_unrouted(desk, text, arrived, UnroutedReason.REJECTED, once, now)
    message = overrides.apply_to_message(message, answer)
    # A text that is here already cannot be refused. A keyword is not sent on.
    missed = () if keyword else routing.find_unreached(roster.participants, sends, author, arrived.thread)
    failed = receipts.build_failed(message, missed, error_codes.NO_ROUTE)
    table.transact([*once, *messages.recording_writes(roster, message, now, cause=BY_TEXT, failed=failed)])
    return RecordResult(RecordOutcome.RECORDED, message.conversation_sid, message.sid)


def _claimed(table: Table, roster: Roster, now: datetime) -> Roster:
    """A conversation with the pair of its group, if that was another's when the members joined and is free by now."""
    missing = threads_of(roster.participants) - roster.conversation.threads
    if not missing or any(conversations.find_open_owner(table, thread, now) for thread in missing):
        return roster
    return memberships.claim_threads(table, roster, now)


def _record_new(
    desk: _Desk,
    text: InboundText,
    arrived: Arrival,
    lines: Mapping[str, Line],
    home: _Home,
    keyword: Keyword | None,
    once: list[Write],
    now: datetime,
) -> RecordResult:
    roster = _new_conversation(arrived, lines, _blank(home, now))
    author = routing.find_author(arrived.sender, arrived.thread, roster.participants)
    attributes = _attributes(text, keyword, lambda: ())
    message = replace(_message(text, arrived, roster.conversation, author, now), attributes=attributes)
    binding = events.text_binding_parameters(arrived.sender, arrived.recipients, arrived.line)
    wanted = events.conversation_event(
        "onConversationAdd", roster.conversation, **binding, **events.text_parameters(message)
    )
    answer = desk.ask(home.webhooks, wanted, BY_TEXT)
    if answer.rejected:
        # Unless another text has made it meanwhile: then this one goes there.
        nobodys = check("thread", keys.thread(threads.digest(arrived.thread)), NEW)
        return _keep_unrouted(desk, text, arrived, UnroutedReason.REJECTED, [*once, nobodys], now)
    conversation = replace(
        roster.conversation, last_index=message.index, friendly_name=overrides.read_friendly_name(answer)
    )
    desk.table.transact(
        [
            *once,
            *_webhook_writes(home.line, conversation),
            *memberships.creation_writes(conversation, roster.participants, now),
            *messages.message_writes(message, now),
            *event_outbox.build_writes(_made_by_text(arrived, Roster(conversation, roster.participants), message, now)),
        ]
    )
    return RecordResult(RecordOutcome.CREATED, message.conversation_sid, message.sid)


def _owner(desk: _Desk, arrived: Arrival, found: Mapping[keys.Key, Item]) -> tuple[Roster | None, WebhookConfiguration]:
    """The conversation that owns the thread, and the webhooks in force in its Service. Those of another Service than
    the first are read beside the conversation, in the same round trip."""
    item = found[keys.thread(threads.digest(arrived.thread))]
    load = partial(conversations.load, desk.table, item["conversation_sid"])
    service_sid = item.get("service_sid")
    if service_sid == desk.first:
        return load(), _in_force(found, found.get(keys.service_webhooks(desk.first)))
    if service_sid is None:
        # It was claimed before threads named their Service.
        roster = load()
        known = roster.conversation.service_sid if roster else desk.first
        return roster, _in_force(found, desk.table.get(keys.service_webhooks(known)))
    with ThreadPoolExecutor(1) as beside:
        own = beside.submit(desk.table.get, keys.service_webhooks(service_sid))
        return load(), _in_force(found, own.result())


def _in_force(found: Mapping[keys.Key, Item], own: Item | None) -> WebhookConfiguration:
    """The webhooks in force in a Service that has these of its own."""
    of_account = codec.decode(WebhookConfiguration, found.get(keys.account_webhooks(), {}))
    return select_configuration(of_account, codec.decode(WebhookConfiguration, own or {}))


def _made_by_text(arrived: Arrival, roster: Roster, message: Message, now: datetime) -> EventBatch:
    """What a text that makes its conversation is told as, in Twilio's order. The conversation is active from the first;
    who waits for that, as one has to at Twilio, is told of it too."""
    made = roster.conversation
    beginning = replace(made, state=ConversationState.INITIALIZING)
    binding = events.text_binding_parameters(arrived.sender, arrived.recipients, arrived.line)
    told = (
        *membership.creation_events(made, roster.participants, **binding),
        events.message_added_event(message, made, roster.participants),
        events.state_updated_event(beginning, made, BY_TEXT.reason),
    )
    return EventBatch(made.service_sid, made.sid, BY_TEXT, now, told)


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a line makes its conversations, and what holds there."""

    line: Line
    account: Configuration
    service_sid: str
    service: Service | None
    webhooks: WebhookConfiguration


def _of_service(sid: str) -> tuple[keys.Key, keys.Key]:
    """What is read of a Service."""
    return keys.service(sid), keys.service_webhooks(sid)


def _home(desk: _Desk, line: Line, found: Mapping[keys.Key, Item]) -> _Home:
    """The Service that a line's configuration names, while there is one, else the account's default one. `found` is
    what is known of the account and its first Service; what holds in another is read."""
    settings = keys.configuration()
    account = codec.decode(Configuration, found[settings]) if settings in found else Configuration(desk.first)
    default = account.default_service_sid
    named = (line.configuration.service_sid if line.configuration else None) or default
    there = found
    if {named, default} != {desk.first}:
        there = desk.table.get_all([*_of_service(named), *_of_service(default)])
    sid = named if keys.service(named) in there else default
    service, own = (there.get(key) for key in _of_service(sid))
    return _Home(line, account, sid, codec.decode(Service, service) if service else None, _in_force(found, own))


def _blank(home: _Home, now: datetime) -> Conversation:
    """A new conversation with what the settings of the account and of the Service give to each."""
    after = default_timers(home.account, home.service)
    return Conversation(
        sid=sids.new(sids.CONVERSATION),
        service_sid=home.service_sid,
        created=now,
        updated=now,
        state=ConversationState.ACTIVE,
        messaging_service_sid=home.account.default_messaging_service_sid,
        active_at=now,
        inactive_after=after.inactive,
        closed_after=after.closed,
    )


def _new_conversation(arrived: Arrival, lines: Mapping[str, Line], blank: Conversation) -> Roster:
    """A pair becomes a masked member behind our number; in a group, our numbers become projected members that an
    identity can take over later, and everybody else a native member."""
    member = Participant(sids.new(sids.PARTICIPANT), blank.sid, blank.created, blank.created)
    if threads.is_pair(arrived.thread):
        members = [replace(member, address=arrived.sender, proxy_address=arrived.line)]
    else:
        members = [
            replace(
                member,
                sid=sid,
                projected_address=address if address in lines else None,
                address=None if address in lines else address,
            )
            for sid, address in zip(sids.new_many(sids.PARTICIPANT, len(arrived.roster)), arrived.roster, strict=True)
        ]
    return Roster(replace(blank, threads=frozenset({arrived.thread})), tuple(members))


def _webhook_writes(line: Line, conversation: Conversation) -> list[Write]:
    """The webhook that a line gives to the conversations it makes, where it has one."""
    given = line.configuration
    if given is None or given.type is AutoCreationType.DEFAULT:
        return []
    to_studio = given.type is AutoCreationType.STUDIO
    webhook = ScopedWebhook(
        sid=sids.new(sids.WEBHOOK),
        conversation_sid=conversation.sid,
        created=conversation.created,
        updated=conversation.created,
        target=WebhookTarget.STUDIO if to_studio else WebhookTarget.WEBHOOK,
        url=given.webhook_url,
        method=given.webhook_method or WebhookMethod.POST,
        filters=() if to_studio else given.webhook_filters or POST_EVENTS,
        flow_sid=given.studio_flow_sid,
    )
    return [put("webhook", keys.webhook(conversation.sid, webhook.sid), codec.encode(webhook), NEW)]


def _message(
    text: InboundText, arrived: Arrival, conversation: Conversation, author: Participant | None, now: datetime
) -> Message:
    index = conversation.last_index + 1
    return Message(
        sid=sids.message(index),
        conversation_sid=conversation.sid,
        index=index,
        created=now,
        updated=now,
        author=author.author if author else addresses.format_address(arrived.sender),
        body=text.text or None,
        participant_sid=author.sid if author else None,
        media=_media(text),
        carrier_message_id=text.id,
        received_at=text.received_at,
        origin=_origin(text, arrived),
    )


def _origin(text: InboundText, arrived: Arrival) -> Origin | None:
    """How a text came whose words may be in one of its files."""
    wordless = not text.text or text.only_subject
    return Origin(arrived.receivers, arrived.sender, arrived.roster) if text.media and wordless else None


def _attributes(text: InboundText, keyword: Keyword | None, recent: Callable[[], Iterable[Message]]) -> str:
    """What is marked of a text: that it is a keyword; that it is a tapback, which brings nothing along, and of which of
    the recent messages. These are read for tapbacks only."""
    if keyword:
        return keywords.to_attributes(keyword)
    tapback = None if text.media else tapbacks.parse_tapback(text.text)
    return tapbacks.to_attributes(tapback, tapbacks.find_target(tapback, recent())) if tapback else "{}"


def _recent(table: Table, conversation_sid: str) -> list[Message]:
    """The last messages of a conversation, newest first: one round trip, however many receipts stand between them."""
    read = table.query(keys.messages(conversation_sid), begins=sids.MESSAGE, forward=False, limit=_RECENT)
    return [codec.decode(Message, item) for item in read.items if "#" not in item["SK"]]


def _media(text: InboundText) -> tuple[Media, ...]:
    return tuple(_file(text.carrier, media) for media in text.media)


def _file(carrier: str, media: base.InboundMedia) -> Media:
    file = Media(sids.new(sids.MEDIA), media.url, media.content_type, carrier=carrier, sha256=media.sha256)
    return file if media.url else replace(file, state=MediaState.FAILED, error="address")


def _keep_unrouted(
    desk: _Desk,
    text: InboundText,
    arrived: Arrival,
    reason: UnroutedReason,
    once: list[Write],
    now: datetime,
) -> RecordResult:
    if desk.kept:
        unrouted.update_reason(desk.table, desk.kept, reason)
        return RecordResult(RecordOutcome.UNROUTED, reason=reason)
    kept = UnroutedText(
        sid=sids.derive(sids.UNROUTED, text.carrier, text.id),
        carrier=text.carrier,
        carrier_message_id=text.id,
        reason=reason,
        created=now,
        received_at=text.received_at,
        line=arrived.line,
        sender=arrived.sender,
        recipients=arrived.recipients,
        body=text.text,
        media=_media(text),
        answered=text.answered.value if text.answered else None,
        only_subject=text.only_subject,
    )
    desk.table.transact([*once, unrouted.put_write(kept)])
    return RecordResult(RecordOutcome.UNROUTED, reason=reason)
