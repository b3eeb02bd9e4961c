"""What the emulator has, kept in one file for the next run. Runs in the emulator's own environment.

MiniStack keeps its state too, a file for each service, when it is stopped. A run that is killed leaves none of it, and
one that is killed meanwhile leaves the services at different moments. It also leaves out what is in buckets, and the
records of a table's stream, so that what was written just before would never be relayed. So this is our own: everything
at one instant, written as a whole or not at all.

The instant is a fork. Every request to the table, the queues and the buckets is answered by the event loop, in one go;
what other threads change there is behind the two locks that are taken. The copy of the process that the fork makes has
nobody else in it: it writes, while this one goes on.

What a function does at that instant is cut, as a power failure would: its queue message and its stream record are kept,
and come again.
"""

from __future__ import annotations

import asyncio
import copy
import fcntl
import hashlib
import json
import os
import re
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import dynamodb, lambda_svc, s3, sqs

# What is written for each save anew; anything longer is a file of its own, named by its content.
_SHORT = 4096
_BLOB = "__blob__"
# How long no save begins after one, by what that one took: at most half of the time is spent on them.
_REST = 1
# The file begins with the address of the emulator that wrote it.
_ENDPOINT = re.compile(r'"endpoint": "([^"]*)"')
_MOST_FILES = 65_536


class Busy(Exception):
    """The last save is still being written, or has only just been."""


class State:
    """The kept state in a directory, for which this process alone is responsible while it lives."""

    def __init__(self, directory: Path, endpoint: str) -> None:
        self._endpoint = endpoint
        self._file = directory / "state.json"
        self._blobs = directory / "blobs"
        self._blobs.mkdir(exist_ok=True)
        self._writer: asyncio.Task[None] | None = None
        self._rested_at = 0.0
        self._handled = 0
        self._saved = self._saved_before = -1
        # A process of a run that was killed may still be writing. Its copies hold the lock as well.
        self._lock = (directory / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def count(self) -> None:
        """Note that a request was made, which may have changed something."""
        self._handled += 1

    @property
    def has_changed(self) -> bool:
        """Whether there may be something new. What follows a request may come after a save: one more is made then."""
        return self._handled != self._saved_before

    async def save(self, network: str, *, at_last: bool = False) -> None:
        """Write everything, with what the simulated carriers have, which say nothing until this has begun.

        Raises Busy while the last save is being written, and a while after; `at_last` waits for it, and for this one.
        """
        if at_last and self._writer:
            await self._writer
        elif time.monotonic() < self._rested_at or (self._writer and not self._writer.done()):
            raise Busy
        with dynamodb._lock, sqs._queues_lock:  # noqa: SLF001
            writer = os.fork()
        if writer == 0:
            self._write(network)
        self._saved_before, self._saved = self._saved, self._handled
        self._writer = asyncio.create_task(self._wait_for(writer))
        if at_last:
            await self._writer

    def restore(self) -> None:
        """Take up what was kept, if anything was. An error ends the start: half of it would be worse."""
        if not self._file.is_file():
            return
        content = self._file.read_text()
        last = _ENDPOINT.search(content)
        if last and last[1] != self._endpoint:
            # The port was taken by another program. The addresses of queues and of APIs have it in them.
            content = content.replace(last[1], self._endpoint)
        kept = json.loads(content, object_hook=self._decode)["emulator"]
        for name, module in app._state_map.items():  # noqa: SLF001
            if name in kept["services"]:
                app._get_module(module).load_persisted_state(kept["services"][name])  # noqa: SLF001
        for bucket, objects in kept["objects"]._data.items():  # noqa: SLF001
            s3._buckets._data[bucket]["objects"].update(objects)  # noqa: SLF001
        dynamodb._stream_records.update(kept["stream_records"])  # noqa: SLF001
        dynamodb._stream_trimmed.update(kept["stream_trimmed"])  # noqa: SLF001
        _release_messages()

    async def _wait_for(self, writer: int) -> None:
        began = time.monotonic()
        _, status = await asyncio.to_thread(os.waitpid, writer, 0)
        ended = time.monotonic()
        self._rested_at = ended + _REST * (ended - began)
        if status:
            self._saved_before = -1
            print("partyline: what there is could not be kept", flush=True)

    def _write(self, network: str) -> None:
        """Write the file and end. This is the copy of the process: nothing that it changes is seen by anyone."""
        try:
            # The end of the run is not the end of this, nor is it told to stop with its parent's group.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os.setpgid(0, 0)
            blobs: set[str] = set()
            # What listens stays with the parent: its end makes the port free.
            os.closerange(3, self._lock.fileno())
            os.closerange(self._lock.fileno() + 1, _MOST_FILES)
            whole = {"endpoint": self._endpoint, "emulator": _gather(), "network": json.loads(network)}
            encoded = json.dumps(whole, default=lambda value: self._encode(value, blobs))
            _replace(self._file, encoded.encode())
            for old in self._blobs.iterdir():
                if old.name not in blobs:
                    old.unlink()
            os._exit(0)
        except BaseException:  # noqa: BLE001  (nothing may go on behind a fork)
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
        finally:
            os._exit(1)

    def _encode(self, value: object, blobs: set[str]) -> Any:
        """What JSON has no form for: as MiniStack does it, but long values apart."""
        if not isinstance(value, bytes | bytearray) or len(value) <= _SHORT:
            return persistence._json_default(value)  # noqa: SLF001
        digest = hashlib.sha256(value).hexdigest()
        blobs.add(digest)
        if not (self._blobs / digest).exists():
            _replace(self._blobs / digest, bytes(value))
        return {_BLOB: digest}

    def _decode(self, value: dict[str, Any]) -> Any:
        if value.keys() == {_BLOB}:
            return (self._blobs / value[_BLOB]).read_bytes()
        return persistence._json_object_hook(value)  # noqa: SLF001


def _gather() -> dict[str, Any]:
    """Everything, in the form in which MiniStack's services take it up again."""
    # They copy all of it, and put the code of functions into files. This process is a copy already.
    copy.deepcopy = _same  # type: ignore[assignment]
    lambda_svc._externalize_code_zip = lambda *_: None  # noqa: SLF001
    lambda_svc._prune_orphan_code_blobs = lambda *_: None  # noqa: SLF001
    services = {name: state() for name, state in app._build_persistence_save_dict().items()}  # noqa: SLF001
    records, trimmed = _unread_records()
    return {
        "services": {name: state for name, state in services.items() if state is not None},
        "objects": _objects(),
        "stream_records": records,
        "stream_trimmed": trimmed,
    }


def _same(value: Any, _memo: object = None) -> Any:
    return value


def _objects() -> Any:
    """What is in the buckets."""
    objects = type(s3._buckets)()  # noqa: SLF001
    for scoped, bucket in s3._buckets._data.items():  # noqa: SLF001
        objects._data[scoped] = bucket["objects"]  # noqa: SLF001
    return objects


def _unread_records() -> tuple[Any, Any]:
    """Of each table's stream the records that some function has not read, and how many come before them."""
    records, trimmed = type(dynamodb._stream_records)(), type(dynamodb._stream_trimmed)()  # noqa: SLF001
    for (account, region, table), all_records in dynamodb._stream_records._data.items():  # noqa: SLF001
        before = dynamodb._trimmed_count(table, account, region)  # noqa: SLF001
        positions = [
            lambda_svc._dynamodb_stream_positions._data.get((account, region, mapping["UUID"]), before)  # noqa: SLF001
            for (owner, place, _), mapping in lambda_svc._esms._data.items()  # noqa: SLF001
            if (owner, place) == (account, region) and f":table/{table}/stream/" in mapping.get("EventSourceArn", "")
        ]
        read = max(0, min(positions, default=before) - before)
        records._data[account, region, table] = all_records[read:]  # noqa: SLF001
        trimmed._data[account, region, table] = before + read  # noqa: SLF001
    return records, trimmed


def _release_messages() -> None:
    """Give out at once what functions of the last run had taken and not finished: they have all ended."""
    now = time.time()
    for queue in sqs._queues._data.values():  # noqa: SLF001
        for message in queue["messages"]:
            if message.get("receipt_handle") is not None:
                message["receipt_handle"], message["visible_at"] = None, now


def _replace(file: Path, content: bytes) -> None:
    """Write a file as a whole, or not at all, whatever happens meanwhile."""
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
    new.replace(file)
