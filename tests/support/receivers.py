"""What a customer's webhook is to Partyline: a server that answers, late, wrongly or never, and remembers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator


@dataclass(eq=False)
class Call:
    """One call of a webhook."""

    method: str
    url: str
    parameters: dict[str, str]
    signature: str
    token: str

    @property
    def event(self) -> str:
        return self.parameters["EventType"]


@dataclass
class Reply:
    """How a call is answered: after so many seconds, with this status, headers and body; `None` is no answer."""

    status: int | None = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    length: int | None = None


class Receiver:
    """A running receiver. `reply` decides about each call; calls are remembered in the order they came."""

    def __init__(self, port: int, reply: Callable[[Call], Reply]) -> None:
        self.url = f"http://127.0.0.1:{port}/hook?from=partyline"
        self.reply = reply
        self.calls: list[Call] = []
        self.stopping = threading.Event()

    def first_calls(self) -> list[Call]:
        """The first call of each event. An event comes at least once: again when its answer came too late, in its turn
        and with the token that it had."""
        first = {call.token: call for call in reversed(self.calls)}
        return sorted(first.values(), key=self.calls.index)

    def events(self, subject: str = "") -> list[str]:
        """The events that were delivered, of one conversation or of all."""
        calls = self.first_calls()
        return [call.event for call in calls if call.parameters.get("ConversationSid", "").startswith(subject)]

    def of(self, event: str) -> list[Call]:
        """The events of a type."""
        return [call for call in self.first_calls() if call.event == event]

    def authentic(self, auth_token: str) -> bool:
        """Whether Twilio's own validator takes every call."""
        validator = RequestValidator(auth_token)
        return all(
            validator.validate(call.url, call.parameters if call.method == "POST" else {}, call.signature)
            for call in self.calls
        )


def gone_port() -> int:
    """A port that no program listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return int(server.server_address[1])


@contextmanager
def receiving(reply: Callable[[Call], Reply] = lambda _: Reply()) -> Iterator[Receiver]:
    """A receiver on loopback, while inside."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._take(dict(parse_qsl(body, keep_blank_values=True)))

        def do_GET(self) -> None:
            self._take(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))

        def _take(self, parameters: dict[str, str]) -> None:
            call = Call(
                self.command,
                f"http://{self.headers['Host']}{self.path}",
                parameters,
                self.headers.get("X-Twilio-Signature", ""),
                self.headers.get("I-Twilio-Idempotency-Token", ""),
            )
            answer = receiver.reply(call)
            receiver.calls.append(call)
            receiver.stopping.wait(answer.after)
            self.close_connection = True
            if answer.status is None:
                receiver.stopping.wait(60)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(answer.body)
            sent = len(answer.body)
            while answer.length is not None and sent < answer.length and not receiver.stopping.is_set():
                self.wfile.write(b"x" * 65_536)
                sent += 65_536

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # The caller has hung up, as it should on one that is slow or talks too much.
                time.sleep(0)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(int(server.server_address[1]), reply)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.stopping.set()
            server.shutdown()
            thread.join()
