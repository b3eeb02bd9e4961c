"""Build the keys of contacts and of what belongs to them. docs/table.md lists them with all others."""

from __future__ import annotations

from partyline.storage.keys import Key, sharded


def contact(sid: str) -> Key:
    """Return the key of a contact. Its history is in the same partition."""
    return Key(f"CT#{sid}", "CT")


def contact_change(sid: str, version: int) -> Key:
    """Return the key of an entry of a contact's history, by the version that the change made."""
    return Key(contact(sid).pk, f"{CONTACT_CHANGES}{version:010}")


CONTACT_CHANGES = "E#"


def contact_number(service_sid: str, number: str) -> Key:
    """Return the key of a number's claim by a contact of a Service."""
    return Key(f"CN#{service_sid}#{number}", "CN")


def contact_term(service_sid: str, term: str, sid: str) -> Key:
    """Return the key of a term by which a contact is found: in the contact's shard, by term."""
    return Key(sharded(contact_terms(service_sid), sid), f"{term}#{sid}")


def contact_import(sid: str) -> Key:
    """Return the key of an import of contacts. Its runs and its rejected rows are in the same partition."""
    return Key(f"CI#{sid}", "CI")


def contact_import_run(sid: str, run: int) -> Key:
    return Key(contact_import(sid).pk, f"N#{run:04}")


def checked_number(sid: str, run: int, number: str) -> Key:
    """Return the key of a number that a dry run has accepted."""
    return Key(contact_import(sid).pk, f"D#{run:04}#{number}")


def rejected_row(sid: str, run: int, row: int) -> Key:
    return Key(contact_import(sid).pk, f"{rejected_rows(run)}{row:07}")


def rejected_rows(run: int) -> str:
    return f"R#{run:04}#"


def contact_list(service_sid: str) -> str:
    return f"CT#{service_sid}"


def deleted_contact_list(service_sid: str) -> str:
    return f"CX#{service_sid}"


def contacts_of(service_sid: str, owner: str) -> str:
    """Return the partition of the contacts of one owner (GSI2)."""
    return f"CO#{service_sid}#{owner}"


def contact_terms(service_sid: str, owner: str = "") -> str:
    """Return the list of the search terms of contacts, or the partition of those of one owner (GSI2)."""
    return f"CW#{service_sid}" + (f"#{owner}" if owner else "")
