"""A restore, rehearsed on moto: the table's copy is completed, and what was under way at that second is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from operations import restore
from partyline.carriers.base import Accepted
from partyline.domain.sends import SendReference
from partyline.errors import Throttled
from partyline.outbound.send_attempt import NextStep
from partyline.queues import queue_messages
from partyline.storage import restorations
from partyline.storage.table import Table
from tests.integration.functions.conftest import Context, event
from tests.integration.functions.test_others import waiting
from tests.support.scene import FAILED, SENT, Scene, make_scene

Load = Callable[[str], ModuleType]
COPY = "partyline-restored"


@pytest.fixture
def copied(client: Any) -> Callable[[], Table]:
    """Restores the table as it is now, as the procedure says, and completes the copy."""

    def copy() -> Table:
        client.restore_table_to_point_in_time(
            SourceTableName="partyline", TargetTableName=COPY, UseLatestRestorableTime=True
        )
        assert restore.main(["prepare", COPY], lambda service: client) == 0
        return Table(client, COPY)

    return copy


def in_copy(scene: Scene, copy: Table) -> Scene:
    """The same message in the restored table."""
    restored_at = restorations.fetch(copy)
    assert restored_at
    return replace(scene, table=copy, restored_at=restored_at, now=restored_at)


def test_copy_has_what_a_restore_leaves_out(client: Any, table: Table, copied: Callable[[], Table]) -> None:
    copied()

    described = client.describe_table(TableName=COPY)["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    expiry = client.describe_time_to_live(TableName=COPY)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    backups = client.describe_continuous_backups(TableName=COPY)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    # It can be run again.
    assert restore.main(["prepare", COPY], lambda service: client) == 0


def test_table_that_does_not_exist_is_told_of(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert restore.main(["prepare", "nothing"], lambda service: client) == 1
    assert "ResourceNotFoundException" in capsys.readouterr().out


def test_sends_under_way_at_the_restore_are_found_and_none_leaves_twice(
    function: Load, table: Table, copied: Callable[[], Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, unclaimed, throttled = (
        make_scene(table, Accepted("c-1")),
        make_scene(table, Accepted("c-2")),
        make_scene(table, Throttled("slow down"), Accepted("c-3")),
    )
    sent.deliver()
    throttled.deliver()
    copy = copied()
    # What happens after the moment of the backup is not in the copy: this one leaves.
    unclaimed.now += timedelta(hours=1)
    unclaimed.deliver()
    assert len(unclaimed.carrier.asked) == 1

    monkeypatch.setenv("TABLE_NAME", COPY)
    function("timers").handler(event("timers/minute"), Context())
    outbound = function("outbound")
    found = [
        queue_messages.decode(SendReference, message["Body"])
        for message in waiting(outbound.variable("OUTBOUND_QUEUE_URL"))
    ]

    assert set(found) == {unclaimed.reference, throttled.reference}
    assert outbound.read_restored_at() == restorations.fetch(copy)
    for scene in (unclaimed, throttled):
        again = in_copy(scene, copy)
        asked = len(scene.carrier.asked)
        assert again.deliver().step is NextStep.RECONCILE
        assert len(scene.carrier.asked) == asked
        again.give_up()
        assert len(scene.carrier.looked_for) == 1
        assert set(again.receipts().values()) == {(FAILED, 30008)}
    assert {status for status, _ in in_copy(sent, copy).receipts().values()} == {SENT}
