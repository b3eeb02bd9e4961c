"""M4: a transaction of which DynamoDB says that it is in progress is not written twice."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from partyline.api.context import ApiContext
from partyline.domain import sids
from partyline.domain.lines import Line
from partyline.storage import lines
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, ROOT, TOKEN, Api, Clock, consult_no_webhook
from tests.support.files import Files
from tests.support.scene import NOW, A, B, P, Q


class InProgress:
    """A client whose transaction of a message is answered with TransactionInProgressException so many times. It has no
    memory of tokens: where the transaction was `written`, the same request finds itself in its way."""

    def __init__(self, client: Any, *, times: int, written: bool) -> None:
        self._client, self._left, self._written = client, times, written
        self.tokens: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **given: Any) -> Any:
        puts = [write["Put"]["Item"]["SK"]["S"] for write in given["TransactItems"] if "Put" in write]
        if not any(sk.startswith("IM") for sk in puts):
            return self._client.transact_write_items(**given)
        self.tokens.append(given["ClientRequestToken"])
        if not self._left:
            return self._client.transact_write_items(**given)
        self._left -= 1
        if self._written:
            self._written = False
            self._client.transact_write_items(**given)
        raise ClientError({"Error": {"Code": "TransactionInProgressException", "Message": "x"}}, "TransactWriteItems")


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.usefixtures("instant_retries")
def test_a_transaction_in_progress_does_not_double_a_message(
    client: Any, table: Table, times: int, *, written: bool
) -> None:
    for line in (P, Q):
        lines.register(table, Line(sids.new(sids.LINE), line, "bandwidth", NOW, NOW))
    asked: Any = InProgress(client, times=times, written=written)
    context = ApiContext(
        Table(asked, "partyline"), ACCOUNT, lambda: TOKEN, lambda: ROOT, Clock(), consult_no_webhook, Files()
    )
    api = Api(context)
    group = api.group(A, B)
    assert api.say(group).status == 201
    assert [one["index"] for one in api.get(f"/Conversations/{group}/Messages").body["messages"]] == [0]
    assert len(set(asked.tokens)) == 1
