"""A restore as far as the emulator goes: a copy of the running stack's table at a second, completed, answers as the
stack does. The emulator knows no import of resources into another stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Stack
from operations import restore
from partyline.api.context import ApiContext
from partyline.storage import restorations
from partyline.storage.table import Table
from tests.support.api_harness import Api, Clock, basic, consult_no_webhook
from tests.support.files import Files
from tests.support.stack_world import World, new_number

COPY = "partyline-restored"
LINE = "+12065550100"


@pytest.fixture
def conversation(world: World) -> str:
    """A conversation of a person behind a line and a handset, with messages."""
    made = world.api.conversations.create(friendly_name="12 Elm Street")
    made.participants.create(identity="desk", messaging_binding_projected_address=LINE)
    made.participants.create(messaging_binding_address=new_number())
    for body in ("Sunday at noon?", "The key is under the mat."):
        made.messages.create(author="desk", body=body)
    return str(made.sid)


@pytest.fixture
def client(stack: Stack) -> Any:
    return stack.client("dynamodb")


@pytest.fixture
def copy(stack: Stack, client: Any, conversation: str) -> Iterator[Table]:
    """The table as it is now, restored and completed as the procedure says."""
    source = stack.output("TableName")
    client.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=COPY, UseLatestRestorableTime=True)
    assert restore.main(["prepare", COPY], stack.client) == 0
    yield Table(client, COPY)
    client.update_table(TableName=COPY, DeletionProtectionEnabled=False)
    client.delete_table(TableName=COPY)


def test_copy_of_the_running_table_answers_as_the_stack(
    world: World, client: Any, copy: Table, conversation: str
) -> None:
    context = ApiContext(copy, world.account_sid, lambda: "token", lambda: "", Clock(), consult_no_webhook, Files())
    restored = Api(context, authorization=basic(world.account_sid, "token"))
    path = f"/Conversations/{conversation}"
    messages = restored.get(f"{path}/Messages").body["messages"]
    assert [(one["index"], one["author"], one["body"]) for one in messages] == world.messages(conversation)
    members = restored.get(f"{path}/Participants").body["participants"]
    assert {one["sid"] for one in members} == {
        one.sid for one in world.api.conversations(conversation).participants.list()
    }
    # Whoever takes the copy over knows it as one, and hears of what is written from now on.
    assert restorations.fetch(copy) is not None
    described = client.describe_table(TableName=COPY)["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
