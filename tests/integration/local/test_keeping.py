"""What the simulated carriers keep for the next run, and what they take up again."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from local.config import Config
from local.serve import start
from tests.integration.local.conftest import LINES, eventually, free_port
from tests.support.simulated_carriers import BANDWIDTH, TELNYX, TWILIO, VONAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from local.serve import Running

ANN, BOB, LINE = "+12065550150", "+12065550151", "+12065550100"
PICTURE = b"a picture"


class Emulator:
    """Stands where the emulator keeps the state: writes down what it is told to keep, beside nothing of its own."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "state.json"
        self.saves: list[str] = []
        self.is_busy = False

    def take(self, path: str, network: bytes) -> int:
        if self.is_busy:
            return 409
        self.saves.append(path)
        self.file.write_text(json.dumps({"network": json.loads(network)}))
        return 204


@contextmanager
def serving(emulator: Emulator) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"changed": false}')

        def do_POST(self) -> None:
            network = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(emulator.take(self.path, network))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    # In a thread: the carriers answer nobody, and nothing else runs in theirs, until the emulator has answered.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/state"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Emulator, Config]]:
    (tmp_path / "files").mkdir()
    port, emulator = free_port(), Emulator(tmp_path)
    with serving(emulator) as url:
        yield (
            emulator,
            Config(
                port,
                0,
                "http://127.0.0.1:9",
                "ws://127.0.0.1:9",
                f"http://127.0.0.1:{port}",
                LINES,
                BANDWIDTH,
                TELNYX,
                TWILIO,
                VONAGE,
                kept=str(tmp_path),
                kept_at=url,
            ),
        )


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[tuple[Running, aiohttp.ClientSession]]:
    run = await start(config)
    try:
        async with aiohttp.ClientSession(run.front_url) as client:
            yield run, client
    finally:
        await run.close()


async def read(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(path) as answer:
        return await answer.json()


def test_the_next_run_has_the_texts_the_pictures_the_lines_and_who_said_stop(kept: tuple[Emulator, Config]) -> None:
    emulator, config = kept

    async def scenario() -> None:
        async with running(config) as (_, client):
            async with client.post(
                f"/handsets/{ANN}/media", data=PICTURE, headers={"Content-Type": "image/png"}
            ) as sent:
                picture = (await sent.json())["url"]
            for text in ("Look", "STOP"):
                body = {"to": ["+12065550110", BOB], "text": text, "media": [picture]}
                await client.post(f"/handsets/{ANN}/messages", json=body)
            await client.post("/lines", json={"number": "+12065550199", "carrier": "telnyx"})
            await client.post("/network", json={"hold": True})
            before = {
                path: await read(client, path) for path in (f"/handsets/{BOB}/messages", "/network/sends", "/lines")
            }
        assert emulator.saves[-1].endswith("?last=1")

        async with running(config) as (run, client):
            assert {path: await read(client, path) for path in before} == before
            async with client.get(picture) as shown:
                assert await shown.read() == PICTURE
            assert (await read(client, "/network"))["settings"]["hold"] is False
            # The profile answers a STOP once.
            run.simulation.text(ANN, ["+12065550110"], "STOP", [])
            texts = await read(client, f"/handsets/{ANN}/messages")
            assert [text["text"][:12] for text in texts if text["direction"] == "inbound"] == ["You have suc"]

    asyncio.run(scenario())


def test_a_webhook_that_had_not_arrived_comes_in_the_next_run(kept: tuple[Emulator, Config]) -> None:
    _, config = kept

    async def scenario() -> None:
        async with running(config) as (_, client):
            await client.post("/network", json={"hold": True})
            await client.post(f"/handsets/{ANN}/messages", json={"to": [LINE], "text": "Hello"})
        async with running(config) as (run, _):
            # Nobody answers it here either, but it is tried.
            async def tried() -> bool:
                return run.simulation.webhooks[0].attempts > 0

            await eventually(tried)
            assert run.simulation.webhooks[0].webhook.payload[0]["message"]["text"] == "Hello"

    asyncio.run(scenario())


def test_what_is_new_is_kept_while_it_runs_again_when_the_emulator_was_busy(kept: tuple[Emulator, Config]) -> None:
    emulator, config = kept
    emulator.is_busy = True

    async def scenario() -> None:
        async with running(config) as (_, client):
            await client.post(f"/handsets/{ANN}/messages", json={"to": [BOB], "text": "Hello"})
            emulator.is_busy = False

            async def saved() -> bool:
                return bool(emulator.saves)

            await eventually(saved)
            kept_texts = json.loads(emulator.file.read_text())["network"]["texts"]
            assert [text["body"] for text in kept_texts[BOB]] == ["Hello"]

    asyncio.run(scenario())


def test_a_file_that_no_text_names_is_removed(kept: tuple[Emulator, Config]) -> None:
    _, config = kept
    assert config.kept
    orphan = Path(config.kept, "files", "0" * 32)

    async def scenario() -> None:
        async with running(config):
            pass

    asyncio.run(scenario())
    orphan.write_bytes(b"cut off")
    asyncio.run(scenario())
    assert not orphan.exists()
