"""Read everything that decides what becomes of an inbound text, in one round trip or two."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from partyline.carriers.base import InboundText
from partyline.domain import opt_outs, routing, threads
from partyline.domain.routing import Arrival
from partyline.domain.unrouted import UnroutedText
from partyline.frozen_classes import frozen, replace
from partyline.storage import inbound_records, lines
from partyline.storage.inbound_records import InboundLookup, InboundRecords
from partyline.storage.roster_cache import RosterCache
from partyline.storage.table import Table


@frozen
class InboundContext:
    """A text, how it arrived, and what the table knows about it.

    `unrouted_text` is the stored text when it is recorded again; None for a text that has just come.
    """

    text: InboundText
    arrival: Arrival
    records: InboundRecords
    now: datetime
    unrouted_text: UnroutedText | None = None

    @property
    def is_replay(self) -> bool:
        """Whether the text was stored with the unrouted texts before."""
        return self.unrouted_text is not None

    @property
    def said_at(self) -> datetime:
        """When the sender said it: of a caught-up text the carrier's time, and else now."""
        return self.text.received_at or self.now if self.text.caught_up else self.now

    @property
    def fits(self) -> bool:
        """Whether a conversation can have a roster of this size."""
        return fits_conversation(self.arrival)

    @property
    def is_pair(self) -> bool:
        """Whether only two parties are in the thread."""
        return threads.is_pair(self.arrival.thread)


@frozen
class InboundReader:
    """Reads the context of texts.

    With `reads_version` it also reads the version of the settings that texts need. It reads the conversation that owned
    the thread before, if its members are kept in `rosters`.
    """

    table: Table
    reads_version: bool = False
    rosters: RosterCache = field(default_factory=RosterCache)

    def read(
        self, text: InboundText, arrival: Arrival, now: datetime, unrouted_text: UnroutedText | None = None
    ) -> InboundContext:
        """Read the context of a text, and settle which of the numbers in its roster are ours.

        One round trip, and another one for a group that no conversation owns: only a new conversation depends on which
        of its other members are lines.
        """
        may_be_keyword = text.keyword_handled_by_carrier is not None or opt_outs.is_possible_keyword(text.text)
        numbers = _list_numbers(arrival, may_be_keyword=may_be_keyword)
        records = inbound_records.fetch_records(
            self.table,
            InboundLookup(
                carrier=text.carrier,
                carrier_message_id=text.id,
                thread=arrival.thread,
                sender=arrival.sender,
                body=text.text,
                media_count=len(text.media),
                numbers=numbers,
                may_be_keyword=may_be_keyword,
                reads_version=self.reads_version,
                conversation_sid=self.rosters.find_conversation(arrival.thread),
            ),
        )
        is_repeated = records.is_received and unrouted_text is None
        if records.owner is None and not is_repeated and fits_conversation(arrival):
            others = lines.fetch(self.table, set(arrival.roster) - set(numbers))
            records = replace(records, lines={**records.lines, **others})
        # A line that is no longer registered may still be a number of its conversation.
        own_numbers = {*records.lines, *(records.owner.own_numbers if records.owner else ())}
        return InboundContext(text, arrival.among(own_numbers), records, now, unrouted_text)


def _list_numbers(arrival: Arrival, *, may_be_keyword: bool) -> tuple[str, ...]:
    """List the numbers that are looked up with the text.

    Those that the carrier names as ours are enough for most texts into a group. A keyword concerns every line of the
    thread. Of a roster that is too large no others are ever looked up.
    """
    if not fits_conversation(arrival):
        return arrival.receivers
    is_certain = arrival.receivers and not may_be_keyword and not threads.is_pair(arrival.thread)
    return arrival.receivers if is_certain else arrival.roster


def fits_conversation(arrival: Arrival) -> bool:
    """Whether a conversation can have a roster of this size."""
    return len(arrival.roster) <= routing.MAX_ROSTER
