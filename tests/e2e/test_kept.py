"""What `make run` keeps for its next run: everything after an ending, and nothing half after a power cut."""

from __future__ import annotations

import os
import random
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from local import loopback
from local.environments import STATE
from local.kept import keep
from local.samples import story
from local.samples.client import Stack as OutsideStack
from local.samples.seed import Seed
from local.stack import Stack
from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller

pytestmark = pytest.mark.slow

LINE, TWILIOS = "+12065550100", "+12065550120"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(8000)
# As often as somebody has the patience for.
POWER_CUTS = int(os.environ.get("POWER_CUTS", "1"))


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """What a run is called, and what it keeps."""
    name = f"kept-{os.getpid()}"
    yield name
    for left in (name, f"of-{name}"):
        shutil.rmtree(STATE / left, ignore_errors=True)


# What carriers deliver goes to an address with the port in it.
PORT = loopback.free_port()


def started(name: str, **parameters: str) -> Stack:
    return Stack(f"of-{name}", port=PORT, kept=keep(name), parameters=parameters)


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Another program has a port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((loopback.HOST, port))
        other.listen()
        yield


def seen(stack: Stack) -> World:
    return World(stack.variables() | stack.carrier_variables())


def group(world: World, line: str, *handsets: str) -> str:
    """A group of a line and handsets, which is active."""
    account = Caller(world, world.basic())
    sid = str(account.create_group(line, [{"address": one} for one in handsets]).body["sid"])
    until(lambda: account.read(f"/Conversations/{sid}")["state"] == "active")
    return sid


def settled(world: World, sid: str) -> list[Any]:
    """The messages of a conversation, once nothing is expected of them any more."""
    api = world.api.conversations(sid).messages

    def final() -> bool:
        return all(
            receipt.status in {"delivered", "undelivered", "failed"}
            for message in api.list(limit=1000)
            if message.author == LINE
            for receipt in api(message.sid).delivery_receipts.list()
        )

    world.settle()
    assert until(final)
    return list(api.list(limit=1000))


def test_everything_is_there_in_the_next_run(name: str) -> None:
    ann, bob = new_number(), new_number()
    with started(name) as stack:
        world, before = seen(stack), stack.variables()
        sid = group(world, TWILIOS, ann, bob)
        world.text(ann, TWILIOS, bob, text="Look", media=[world.picture(ann, PICTURE)])
        assert until(lambda: world.messages(sid))
        world.api.conversations(sid).messages.create(author=TWILIOS, body="Nice")
        assert until(lambda: (TWILIOS, "Nice") in world.read_by(bob))
        world.settle()
        phone, table = world.on_handset(bob), stack.physical("Table")

    # With another parameter, as after a change of the template: what is there is upgraded. A port is taken, too.
    with taken(stack.emulator.port), started(name, CleanupSeconds="3") as stack:
        world = seen(stack)
        assert {key: stack.variables()[key] for key in before if "URL" not in key} == {
            key: value for key, value in before.items() if "URL" not in key
        }
        assert stack.physical("Table") == table
        assert world.on_handset(bob) == phone
        path = f"/Conversations/{sid}/Messages"
        looked, wrote = Caller(world, world.basic()).read(path, {"MediaLinks": "true"})["messages"]
        assert (looked["body"], wrote["body"]) == ("Look", "Nice")
        assert world.request("GET", looked["media"][0]["link"].removeprefix(world.url)).data == PICTURE
        world.text(bob, TWILIOS, ann, text="Once more")
        assert until(lambda: "Once more" in [body for _, _, body in world.messages(sid)])
        world.api.conversations(sid).messages.create(author=TWILIOS, body="Yes")
        assert until(lambda: (TWILIOS, "Yes") in world.read_by(bob))


def test_the_sample_conversations_are_made_once(name: str) -> None:
    with started(name) as stack:
        world = seen(stack)
        account = Caller(world, world.basic())
        outside = OutsideStack(stack.url, stack.account_sid, stack.auth_token)
        assert Seed(outside).run()

        entries = {entry["title"]: entry for entry in account.read("/Inbox")["entries"]}
        assert {group.name for group in story.GROUPS} - {story.KEYS.name} <= entries.keys()
        oak = account.read(f"/Conversations/{entries[story.OAK.name]['conversation_sid']}/Messages")["messages"]
        assert [message["body"] for message in oak] == [
            step.text for step in story.STEPS if step.where is story.OAK and step.kind == "text"
        ]
        # Several days, in order.
        assert len({message["date_created"][:10] for message in oak}) >= 3
        assert oak == sorted(oak, key=lambda message: message["date_created"])
        assert {message["written_by"] for message in oak} == {None, "ben"}
        [stopped] = account.read("/OptOuts", {"Line": story.FRONT_DESK, "Address": story.LUIS.number})["opt_outs"]
        assert stopped["state"] == "opted_out"

        # Somebody tidies up. Nothing of it comes back.
        [kay] = account.read("/Contacts", {"Number": story.KAY.number})["contacts"]
        account.delete(f"/Contacts/{kay['sid']}")
        assert not Seed(outside).run()
        assert account.read("/Contacts", {"Number": story.KAY.number})["contacts"] == []


@pytest.mark.parametrize("cut", range(POWER_CUTS))
def test_a_power_cut_leaves_nothing_half(name: str, cut: int) -> None:
    ann, bob = new_number(), new_number()
    chance = random.Random(cut + time.time_ns())
    with started(name) as stack:
        world = seen(stack)
        sid = group(world, LINE, ann, bob)
        ended = threading.Event()

        def write_down(who: str, count: int = 0) -> None:
            while not ended.is_set():
                try:
                    if who == LINE:
                        world.api.conversations(sid).messages.create(author=LINE, body=f"{who} {count}")
                    else:
                        world.text(who, LINE, bob if who == ann else ann, text=f"{who} {count}")
                except Exception:  # noqa: BLE001 - the power may go at any moment
                    ended.wait(0.1)
                count += 1
                ended.wait(chance.uniform(0, 0.2))

        with ThreadPoolExecutor() as people:
            for who in (ann, bob, LINE):
                people.submit(write_down, who)
            time.sleep(chance.uniform(3, 9))
            stack.cut_power()
            ended.set()

    with started(name) as stack:
        world = seen(stack)
        messages = settled(world, sid)
        recorded = Counter(f"{message.body}" for message in messages)
        for handset in (ann, bob):
            shown = world.on_handset(handset)
            assert max(Counter(text["text"] for text in shown).values(), default=1) == 1
            # What a phone sent is recorded once, what came to it was written here.
            assert {text["text"] for text in shown} <= recorded.keys()
        assert max(recorded.values(), default=1) == 1
        assert [message.index for message in messages] == list(range(len(messages)))
        on_bobs = {text["text"] for text in world.on_handset(bob)}
        receipts = world.api.conversations(sid).messages
        for message in messages:
            if message.author == LINE:
                for receipt in receipts(message.sid).delivery_receipts.list():
                    assert (receipt.status == "delivered") == (message.body in on_bobs)
        # And it goes on.
        world.api.conversations(sid).messages.create(author=LINE, body="Still here")
        assert until(lambda: (LINE, "Still here") in world.read_by(ann))
