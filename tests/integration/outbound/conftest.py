"""What the tests of sending share: a conversation with a message that is to be sent."""

from __future__ import annotations

from functools import partial

import pytest

from partyline.storage.table import Table
from tests.support.scene import MakeScene, make_scene


@pytest.fixture
def scene(table: Table) -> MakeScene:
    """Make a scene; tests of other messages have a fixture of their own."""
    return partial(make_scene, table)
