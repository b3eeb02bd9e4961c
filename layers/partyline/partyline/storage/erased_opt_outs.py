"""Opt-outs of people who were erased: a keyed hash of the number stands for it, and nothing else of the person is left.

One item of the account, the mark, says that there may be any. Whatever asks for opt-outs reads the mark with them. Only
where it is there the hashes are read too, in a second round trip. The mark is stored a while before the first opt-out
is moved (see partyline.lifecycle.person_eraser): a request that has not seen it has ended by then.

A later event of the same person is stored with the number again. Then the hash stays beside it until they opt in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from partyline.domain import sids
from partyline.domain.opt_outs import OptOut
from partyline.errors import HashKeyChanged
from partyline.frozen_classes import replace
from partyline.serialization import format_time
from partyline.storage import codec, erasure_keys, keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import Table, Write, delete, put

# An address and a line.
Pair = tuple[str, str]
MARK = erasure_keys.mark()


def mark_write(table: Table, now: datetime) -> Write:
    """Build the write of the mark. It holds a hash of nothing, by which a changed key is noticed."""
    return put("mark", MARK, {"fingerprint": table.hash_number(""), "updated": format_time(now)})


def find(table: Table, mark: Item | None, pairs: Iterable[Pair]) -> dict[Pair, OptOut]:
    """Find the erased opt-outs among some pairs; `mark` is what was read at MARK, None if there is nothing.

    Their `address` is ''. Cost: nothing without the mark, else one round trip. Raises HashKeyChanged.
    """
    wanted = [*pairs] if mark else []
    if mark is None or not wanted:
        return {}
    _check_key(table, mark)
    digests = {address: table.hash_number(address) for address, _ in wanted}
    by_key = {erasure_keys.opt_out(digests[address], line): (address, line) for address, line in wanted}
    return {by_key[key]: codec.decode(OptOut, item) for key, item in table.get_all(by_key).items()}


def list_for_address(table: Table, address: str) -> list[OptOut]:
    """List the erased opt-outs of one address, by line. Raises HashKeyChanged."""
    mark = table.get(MARK)
    if mark is None:
        return []
    _check_key(table, mark)
    found = table.query_all(erasure_keys.opt_out(table.hash_number(address), "").pk)
    return [codec.decode(OptOut, item) for item in found]


def move_writes(table: Table, known: OptOut) -> list[Write]:
    """Build the writes that leave of an opt-out only the hash, with its date and its line; of an opt-in nothing.

    They go with the deletion of the item that has the number.
    """
    digest = table.hash_number(known.address)
    if not known.opted_out:
        return removal_writes(digest, known.line)
    sid = _derive_sid(digest, known.line)
    erased = replace(known, sid=sid, address="", digest=digest)
    since = keys.dated(format_time(known.since), sid)
    item = {
        **codec.encode(erased),
        "GSI1PK": keys.sharded(keys.opt_outs(opted_out=True), sid),
        "GSI1SK": since,
        "GSI2PK": keys.opt_outs(opted_out=True, line=known.line),
        "GSI2SK": since,
    }
    return [
        put("erased_opt_out", erasure_keys.opt_out(digest, known.line), item),
        put("erased_opt_out_pointer", keys.opt_out_pointer(sid), {"digest": digest, "line": known.line}),
    ]


def removal_writes(digest: str, line: str) -> list[Write]:
    """Build the writes that delete an erased opt-out, since the person has opted in."""
    return [
        delete("erased_opt_out", erasure_keys.opt_out(digest, line)),
        delete("erased_opt_out_pointer", keys.opt_out_pointer(_derive_sid(digest, line))),
    ]


def fetch_by_digest(table: Table, digest: str, line: str) -> OptOut | None:
    """Read an erased opt-out by the hash; return None when there is none."""
    item = table.get(erasure_keys.opt_out(digest, line))
    return codec.decode(OptOut, item) if item else None


def list_erased(known: Collection[OptOut], erased: Iterable[OptOut]) -> list[OptOut]:
    """Return the erased opt-outs of lines of which nothing else is known."""
    lines = {one.line for one in known}
    return [one for one in erased if one.line not in lines]


def _derive_sid(digest: str, line: str) -> str:
    """Derive the SID from the hash: that of an opt-out with a number could be found by trying numbers."""
    return sids.opt_out(digest, line)


def _check_key(table: Table, mark: Item) -> None:
    if mark["fingerprint"] != table.hash_number(""):
        raise HashKeyChanged
