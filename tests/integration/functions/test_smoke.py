"""The steps of the smoke test against the functions behind the API: what it prints, and that it leaves nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from operations import smoke
from operations.smoke_client import ApiClient
from operations.smoke_steps import SmokeTest, TextRound
from partyline.domain.receipts import ReceiptStatus
from partyline.storage import messages, receipts
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import Table
from tests.integration.functions.conftest import ACCOUNT_SID, SECRETS, Context
from tests.support.api_harness import proxy_event
from tests.support.scene import NOW

Load = Callable[[str], ModuleType]
LINE, PHONE = "+12065550100", "+12065550150"


@dataclass(frozen=True)
class Answer:
    """An answer as urllib3 has it."""

    status: int
    data: bytes


@dataclass
class Gateway:
    """API Gateway with the functions behind it, and a carrier that reports when receipts are looked at."""

    api: ModuleType
    inbound: ModuleType
    table: Table
    status: ReceiptStatus = ReceiptStatus.SENT

    def request(self, method: str, url: str, *, body: str | None, headers: Mapping[str, str]) -> Answer:
        path = urlsplit(url).path
        if path.startswith("/carriers/bandwidth"):
            return Answer(401, b"")
        if path.endswith("/Receipts"):
            self._report(*path.split("/")[3:6:2])
        event = proxy_event(method, path, headers=headers, body=body or "")
        if path.startswith("/carriers/"):
            event |= {"resource": "/carriers/{carrier}", "pathParameters": {"carrier": path.rpartition("/")[2]}}
            return self._answer(self.inbound, event)
        return self._answer(self.api, event)

    def _answer(self, function: ModuleType, event: object) -> Answer:
        answer = function.handler(event, Context())
        content = answer.get("body") or ""
        return Answer(
            answer["statusCode"], base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
        )

    def _report(self, conversation: str, message: str) -> None:
        found = messages.fetch(self.table, conversation, message)
        assert found
        [send] = found.message.sends
        receipts.move(self.table, found.message.reference(send), ReportedStatus(PHONE, self.status, 30003), NOW)


@pytest.fixture
def gateway(function: Load, table: Table, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setenv("AUTH_SECRET_ARN", "carriers")
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    return Gateway(function("conversations"), function("inbound"), table)


def smoke_test(gateway: Gateway, *, token: str = SECRETS["auth_token"], text: bool = False) -> SmokeTest:
    client = ApiClient("https://api.example.com", ACCOUNT_SID, token, _http=gateway)  # type: ignore[arg-type]
    return SmokeTest(client, text=TextRound(LINE, PHONE) if text else None)


def results(capsys: pytest.CaptureFixture[str]) -> list[str]:
    # The functions, which run in the same process, print their metrics.
    return [line[:4].strip() for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]


def test_steps_succeed_and_leave_nothing(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    test = smoke_test(gateway)

    assert smoke.run_steps(test)
    # Without a live URL and a line, what needs them is left out.
    assert results(capsys) == ["ok", "ok", "ok", "skip", "ok", "ok", "skip", "ok", "skip", "skip", "ok"]
    assert test.client.call("GET", "/v1/Conversations")["conversations"] == []
    assert [one for one in test.client.call("GET", "/v1/Users")["users"] if one["identity"] == test.name] == []


@pytest.mark.parametrize(("status", "expected"), [(ReceiptStatus.SENT, "ok"), (ReceiptStatus.FAILED, "FAIL")])
def test_text_is_followed_until_its_carrier_has_it(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: ReceiptStatus, expected: str
) -> None:
    gateway.status = status
    test = smoke_test(gateway, text=True)
    test.client.call("POST", "/v1/Lines", {"Address": LINE, "Carrier": "bandwidth", "AutoCreation": "off"})

    assert smoke.run_steps(test) is (expected == "ok")
    assert results(capsys)[8] == expected
    assert test.client.call("GET", "/v1/Conversations")["conversations"] == []


def test_wrong_token_fails_at_once(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert not smoke.run_steps(smoke_test(gateway, token="wrong"))
    assert results(capsys) == ["FAIL", "ok"]


def test_webhook_that_is_taken_without_a_signature_fails(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gateway.inbound, "handler", lambda event, context: {"statusCode": 200})

    assert not smoke.run_steps(smoke_test(gateway))
    assert "/carriers/telnyx answered 200" in capsys.readouterr().out
