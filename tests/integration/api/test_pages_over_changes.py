"""Lists that change while they are read page by page: what is there all the time is on exactly one page, there and
back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.support import inboxes
from tests.support.api_harness import Api, Clock, P, Reply

ENTRIES, CHANGES = 7, 4


@dataclass(frozen=True)
class Changing:
    """A list and what changes it.

    - `add`: makes an entry; it gets a place: 0 is before all that are there at first, 9 behind all of these. A list
      that orders entries by time has its own order of places.
    - `remove`: takes an entry out of the list, where that is possible.
    - `name`: the member that tells entries apart.
    """

    path: str
    key: str
    add: Callable[[int], object]
    remove: Callable[[str], object] | None
    query: Mapping[str, str]
    name: str = "sid"


def changing_contacts(api: Api, _: Clock) -> Changing:
    def add(place: int) -> object:
        return api.made("/Contacts", {"FriendlyName": f"{place} of many"})

    return Changing("/Contacts", "contacts", add, lambda sid: api.delete(f"/Contacts/{sid}"), {})


def changing_search(api: Api, clock: Clock) -> Changing:
    listed = changing_contacts(api, clock)
    return Changing(listed.path, listed.key, listed.add, listed.remove, {"Q": "many"})


def changing_history(api: Api, _: Clock) -> Changing:
    path = f"/Contacts/{api.made('/Contacts', {'FriendlyName': 'x'})['sid']}"

    def add(_place: int) -> object:
        version = api.get(path).body["version"]
        return api.post(path, {"FriendlyName": f"x{version}"})

    return Changing(f"{path}/History", "history", add, None, {}, "version")


def changing_notes(api: Api, _: Clock) -> Changing:
    path = f"/Conversations/{api.conversation()}/Notes"
    return Changing(path, "notes", lambda _: api.made(path, {"Body": "x"}), lambda sid: api.delete(f"{path}/{sid}"), {})


def changing_activity(api: Api, _: Clock) -> Changing:
    path = f"/Conversations/{api.conversation()}"

    def add(place: int) -> object:
        if place % 2:
            return api.made(f"{path}/Messages", {"Body": "x"})
        return api.made(f"{path}/Notes", {"Body": "x"})

    def remove(sid: str) -> object:
        return api.delete(f"{path}/{'Messages' if sid.startswith('IM') else 'Notes'}/{sid}")

    return Changing(f"{path}/Activity", "activity", add, remove, {"Order": "desc"})


def changing_snippets(api: Api, _: Clock) -> Changing:
    count = iter(range(1000))

    def add(place: int) -> object:
        return api.made("/Snippets", {"Name": f"{place}-{next(count)}", "Body": "x"})

    return Changing("/Snippets", "snippets", add, lambda sid: api.delete(f"/Snippets/{sid}"), {})


def changing_scheduled_messages(api: Api, clock: Clock) -> Changing:
    path = f"/Conversations/{api.group()}"

    def add(place: int) -> object:
        send_at = clock() + timedelta(hours=1 + place)
        form = {"Author": P, "Body": "x", "SendAt": send_at.isoformat()}
        return api.made(f"{path}/Messages", form)

    listed, query = f"{path}/ScheduledMessages", {"State": "scheduled"}
    return Changing(listed, "scheduled_messages", add, lambda sid: api.delete(f"{listed}/{sid}"), query)


def changing_inbox(api: Api, clock: Clock) -> Changing:
    api.get("/Inbox")

    def add(_place: int) -> object:
        clock.tick(seconds=1)
        made = api.conversation()
        inboxes.settle(api.context.table)
        return made

    def remove(sid: str) -> object:
        return api.delete(f"/Conversations/{sid}")

    return Changing("/Inbox", "entries", add, remove, {}, "conversation_sid")


LISTS = (
    changing_contacts,
    changing_search,
    changing_history,
    changing_notes,
    changing_activity,
    changing_snippets,
    changing_scheduled_messages,
    changing_inbox,
)


@pytest.mark.parametrize("build", LISTS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_what_is_there_all_the_time_is_on_one_page(
    api: Api, clock: Clock, build: Callable[[Api, Clock], Changing], size: int
) -> None:
    changing = build(api, clock)
    for place in range(1, ENTRIES + 1):
        changing.add(place)
    staying = set(names(changing, api.get(changing.path, {**changing.query, "PageSize": "100"})))

    def change(shown: list[Any]) -> None:
        changing.add(0)
        changing.add(9)
        if changing.remove and shown:
            changing.remove(shown[-1])
            staying.discard(shown[-1])

    page = api.get(changing.path, {**changing.query, "PageSize": str(size)})
    there, changes = [*names(changing, page)], 0
    while following := page.body["meta"]["next_page_url"]:
        # A list that grows as fast as it is read has no end.
        if (changes := changes + 1) <= CHANGES:
            change(names(changing, page))
        page = api.follow(following)
        there += names(changing, page)
    assert len(there) == len(set(there))
    assert staying <= set(there)

    back, changes = [*names(changing, page)], 0
    while before := page.body["meta"]["previous_page_url"]:
        if (changes := changes + 1) <= CHANGES:
            changing.add(0)
        page = api.follow(before)
        back = [*names(changing, page), *back]
    assert len(back) == len(set(back))
    assert staying <= set(back)


def names(changing: Changing, page: Reply) -> list[Any]:
    assert page.status == 200, page.body
    return [one[changing.name] for one in page.body[changing.key]]
