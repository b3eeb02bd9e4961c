"""Compress the content of event items of more than a kilobyte, and what messages have of their events, and read it.

An event repeats the names of Twilio's parameters, and SIDs. So it is compressed with a dictionary of these (zlib's
preset dictionary): less than half is left of a text of 80 characters in a group.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress

from partyline.storage.attribute_values import Item

PACKED = "packed"
# An item's attribute in JSON, which may be a string in JSON itself.
_PACKED_VALUE = re.compile(r'packed\\*": ?\{\\*"S\\*": ?\\*"([A-Za-z0-9+/=]++)')
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A shorter content takes one written unit, with the keys of its item, as it is.
_PLAIN_SIZE = 900
# Never changes: what is stored is read with it. The most frequent is at the end.
_DICTIONARY = (
    b'"type":"onUserUpdated","parameters":{"UserSid":"US,"ReadHorizon":","IsOnline":"'
    b'"type":"onNoteAdded","parameters":{"NoteSid":"NT"type":"onActivityAdded","parameters":{"ActivitySid":"AE'
    b'"type":"onDeliveryUpdated","parameters":{"DeliveryReceiptSid":"DY","ErrorCode":"300","Status":"failed'
    b'"type":"onConversationStateUpdated","parameters":{"StateFrom":"inactive","StateTo":"active","StateUpdated":"2026-'
    b'"type":"onConversationAdded","parameters":{"MessagingServiceSid":"MG","FriendlyName":"UniqueName":"State":"'
    b'"type":"onParticipantAdded","parameters":{"Identity":"","RoleSid":"RL"'
    b'"MessagingBinding.Type":"sms","MessagingBinding.Address":"+1","MessagingBinding.ProxyAddress":"+1'
    b'"Media":"[{\\"Sid\\":\\"ME\\",\\"Filename\\":\\",\\"ContentType\\":\\"image/jpeg\\",\\"Size\\":'
    b'"source":"SDK","identity":","told":true,"reason":"TIMER"}'
    b'{"service_sid":"IS","subject":"CH","cause":{"source":"API","told":true,"reason":"API"}'
    b'"cause":{"source":"SMS","told":true,"reason":"EVENT"},"at":"2026-01-01T00:00:00.000000Z",'
    b'"events":[{"type":"onMessageAdded","parameters":{"ConversationSid":"CH","ChatServiceSid":"IS",'
    b'"MessageSid":"IM0000000000","Index":"1","Author":"+1","ParticipantSid":"MB","Body":"","Attributes":"{}",'
    b'"DateCreated":"2026-","DateUpdated":"2026-","DateReceivedByCarrier":"2026-",'
    b'"Roster":"[{\\"participant_sid\\":\\"MB\\",\\"projected_address\\":\\"+1\\"},'
    b'{\\"participant_sid\\":\\"MB\\",\\"address\\":\\"+1\\"}]","CarrierMessageId":""}}],"identities":[],"webhooks":[]}'
)


def pack(content: Item) -> Item:
    """Return the attributes of an item with some content; a small one is what it was."""
    plain = _encode(content).encode()
    return content if len(plain) <= _PLAIN_SIZE else _compress(plain)


def compress(content: Item) -> Item:
    """Return the attribute of a compressed content, however small it is."""
    return _compress(_encode(content).encode())


def _compress(plain: bytes) -> Item:
    compressor = zlib.compressobj(zdict=_DICTIONARY)
    # As text: bytes have another form in each of what reads the table.
    return {PACKED: base64.b64encode(compressor.compress(plain) + compressor.flush()).decode()}


def read_packed(text: str) -> Iterator[str]:
    """Read the contents of compressed items that are somewhere in a text, as records of the stream in JSON are."""
    for found in _PACKED_VALUE.finditer(text):
        with suppress(zlib.error, ValueError):
            yield _decompress(found[1]).decode()


def unpack(item: Item) -> Item:
    """Return an item with its content; an item that is not compressed is what it was."""
    if PACKED not in item:
        return item
    plain = _decompress(item[PACKED])
    return {**{name: value for name, value in item.items() if name != PACKED}, **json.loads(plain)}


def _decompress(packed: str) -> bytes:
    decompressor = zlib.decompressobj(zdict=_DICTIONARY)
    return decompressor.decompress(base64.b64decode(packed)) + decompressor.flush()
