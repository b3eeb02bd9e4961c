"""Snippets: one item each, by owner and name, so that a name is given once, and one that leads there from the SID."""

from __future__ import annotations

from partyline.domain.snippets import Snippet, fold_name
from partyline.errors import Conflict, RuleViolation
from partyline.storage import codec, queries, snippet_keys
from partyline.storage.keys import Key
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import NEW, Condition, Table, delete, put

_SNIPPET, _FORMER = "snippet", "former"


def fetch(table: Table, service_sid: str, sid: str) -> Snippet | None:
    """Read a snippet by SID, in two round trips; return None when it does not exist."""
    pointer = table.get(snippet_keys.pointer(service_sid, sid))
    item = table.get(Key(snippet_keys.partition(service_sid), pointer["place"])) if pointer else None
    # Between the two reads another snippet may have got the name.
    return codec.decode(Snippet, item) if item and item["sid"] == sid else None


def save(table: Table, before: Snippet | None, after: Snippet) -> None:
    """Store a new or changed snippet.

    Raises RuleViolation snippet_name_taken, and Conflict when another request changed the snippet since `before` was
    read.
    """
    is_moved = before is not None and _key_of(before) != _key_of(after)
    condition = _unchanged(before) if before and not is_moved else NEW
    pointer = put("pointer", snippet_keys.pointer(after.service_sid, after.sid), {"place": _key_of(after).sk})
    writes = [put(_SNIPPET, _key_of(after), codec.encode(after), condition), pointer]
    if before and is_moved:
        writes.append(delete(_FORMER, _key_of(before), _unchanged(before)))
    try:
        table.transact(writes)
    except Conflict as conflict:
        holder = conflict.failed.get(_SNIPPET)
        if _FORMER not in conflict.failed and holder and holder["sid"] != after.sid:
            raise RuleViolation("snippet_name_taken", name=after.name, sid=holder["sid"]) from conflict
        raise


def remove(table: Table, snippet: Snippet) -> None:
    """Delete a snippet. Raises Conflict when it was changed or deleted since it was read."""
    key, pointer = keys_of(snippet)
    table.transact([delete(_SNIPPET, key, _unchanged(snippet)), delete("pointer", pointer)])


def page(
    table: Table,
    service_sid: str,
    window: Window,
    *,
    begins: str = "",
    everyones: bool = True,
    owner: str | None = None,
) -> ListPage[Snippet]:
    """List the snippets for everyone, those of one owner, or both in this order, by name.

    `begins` is what their names begin with, in any case.
    """
    scopes = [
        *([snippet_keys.scope(None)] if everyones else []),
        *([snippet_keys.scope(owner)] if owner is not None else []),
    ]
    prefixes = [f"{scope}{fold_name(begins)}" for scope in scopes]
    return queries.snippets(table, snippet_keys.partition(service_sid), window, prefixes)


def _unchanged(before: Snippet) -> Condition:
    item = codec.encode(before)
    names = {f"#{name}": name for name in _COMPARED}
    return Condition(
        " AND ".join(f"#{name} = :{name}" for name in _COMPARED),
        names,
        {f":{name}": item[name] for name in _COMPARED},
    )


_COMPARED = ("sid", "updated", "body", "name")


def keys_of(snippet: Snippet) -> tuple[Key, Key]:
    """Return the keys of what is stored of a snippet."""
    return _key_of(snippet), snippet_keys.pointer(snippet.service_sid, snippet.sid)


def _key_of(snippet: Snippet) -> Key:
    return snippet_keys.snippet(snippet.service_sid, snippet.owner, fold_name(snippet.name))
