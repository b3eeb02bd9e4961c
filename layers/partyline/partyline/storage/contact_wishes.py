"""The wish of a contact to get no texts, noted in its conversations. Receiving a text loads none of this."""

from __future__ import annotations

from partyline.domain import activities
from partyline.domain.contacts import Contact
from partyline.domain.events import Cause
from partyline.storage import participations
from partyline.storage.activities import build_writes
from partyline.storage.grouped_writes import write_groups
from partyline.storage.queries import Window
from partyline.storage.table import Table, Write

# To how many conversations, the newest, a contact's wish is noted for each of its numbers: as many as one transaction
# has room for, with an activity and an event each.
_MAX_CONVERSATIONS = 50


def record_do_not_disturb(table: Table, contact: Contact, cause: Cause) -> None:
    """Note in the open conversations of a contact that it wants no texts from now on, or wants them again.

    These are the newest of each of its numbers. A run that ends in between leaves some out: the contact has the wish,
    and its history who said so. Cost: three round trips for each number.
    """
    for number in contact.addresses:
        page = participations.list_for(table, contact.service_sid, Window(_MAX_CONVERSATIONS), address=number)
        groups: list[list[Write]] = []
        for _, found in page.entries:
            if found.conversation.is_open:
                noted = activities.describe_do_not_disturb(found.participant, found.conversation, contact, cause)
                groups.append(build_writes(found.conversation, [noted], cause, contact.updated))
        write_groups(table, groups)
