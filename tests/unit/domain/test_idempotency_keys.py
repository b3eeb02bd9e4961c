"""What an Idempotency-Key is, which requests are equal, and what a repeat finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api.request import Parameters
from partyline.domain import idempotency_keys
from partyline.domain.idempotency_keys import RecordedRequest, Repeat, build_digest, build_fingerprint, compare
from partyline.errors import RuleViolation

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (" k\t", "k"),
        ("k" * 128, "k" * 128),
        ('"' + "k" * 128 + '"', "k" * 128),
        (r'"a\"b\\c"', r'a"b\c'),
        ('a"b', 'a"b'),
        (VISIBLE.replace('"', ""), VISIBLE.replace('"', "")),
    ],
)
def test_a_key_is_visible_characters_quoted_or_bare(header: str, key: str) -> None:
    assert idempotency_keys.parse_key(header) == key


@pytest.mark.parametrize(
    "header",
    [
        *("", " ", '""', "k" * 129, f'"{"k" * 129}"', "a b", '"a b"', "a\tb", "a\nb", "é", '"é"', "\x7f"),
        *('"', '"a', "a\x00", '"a"b"', r'"a\b"', '"a"; b=1', "a, b"),
    ],
)
def test_anything_else_is_no_key(header: str) -> None:
    with pytest.raises(RuleViolation) as broken:
        idempotency_keys.parse_key(header)
    assert (broken.value.rule, broken.value.details["name"]) == ("invalid_parameter", "Idempotency-Key")


@given(st.text(st.sampled_from(VISIBLE), min_size=1, max_size=128))
def test_a_key_in_quotes_is_the_key_without_them(key: str) -> None:
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert idempotency_keys.parse_key(quoted) == key
    if not key.startswith('"'):
        assert idempotency_keys.parse_key(key) == key


@given(st.text(max_size=140))
def test_a_header_is_a_key_or_refused(header: str) -> None:
    try:
        key = idempotency_keys.parse_key(header)
    except RuleViolation:
        return
    assert set(key) <= set(VISIBLE)
    assert 1 <= len(key) <= idempotency_keys.MAX_LENGTH


# --- the scope of a key

SCOPE = ("jane", "IS1", ["Conversations", "CH1", "Messages"], "k1")


@pytest.mark.parametrize(
    "other",
    [
        ("", *SCOPE[1:]),
        ("john", *SCOPE[1:]),
        ("jane", "IS2", *SCOPE[2:]),
        ("jane", "IS1", ["Conversations", "CH2", "Messages"], "k1"),
        ("jane", "IS1", ["Conversations", "CH1/Messages"], "k1"),
        (*SCOPE[:3], "k2"),
    ],
)
def test_a_key_belongs_to_one_caller_service_and_path(other: tuple[str, str, list[str], str]) -> None:
    assert build_digest(*SCOPE) == build_digest("jane", "IS1", list(SCOPE[2]), "k1")
    assert build_digest(*other) != build_digest(*SCOPE)


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=3)
_SCOPES = st.tuples(_TEXTS, _TEXTS, st.lists(_TEXTS, max_size=3), _TEXTS)


@given(_SCOPES, _SCOPES)
def test_different_scopes_have_different_digests(
    one: tuple[str, str, list[str], str], other: tuple[str, str, list[str], str]
) -> None:
    assert (build_digest(*one) == build_digest(*other)) == (one == other)


# --- equal requests

_NAMES = st.sampled_from(["Body", "Author", "MediaSid", "a=b", "a&b", ""])
_VALUES = st.text(st.sampled_from("a=&+ é%\"'\\,[]"), max_size=3)
_PAIRS = st.lists(st.tuples(_NAMES, _VALUES), max_size=4)


@given(_PAIRS, _PAIRS, _PAIRS, _PAIRS)
def test_two_requests_are_equal_exactly_if_their_parameters_are(
    query: list[tuple[str, str]],
    form: list[tuple[str, str]],
    other_query: list[tuple[str, str]],
    other_form: list[tuple[str, str]],
) -> None:
    first, second = (
        (Parameters.from_pairs(query), Parameters.from_pairs(form)),
        (Parameters.from_pairs(other_query), Parameters.from_pairs(other_form)),
    )
    prints = [build_fingerprint(given.values, sent.values) for given, sent in (first, second)]
    assert (prints[0] == prints[1]) == (first == second)


@given(_PAIRS)
def test_neither_order_nor_encoding_of_a_form_matters(pairs: list[tuple[str, str]]) -> None:
    by_name = sorted(pairs, key=lambda pair: pair[0])
    written = "&".join(f"{percent(name)}={percent(value)}" for name, value in by_name)
    sent = [parse_qsl(body, keep_blank_values=True) for body in (urlencode(pairs), written)]
    first, second = (build_fingerprint({}, Parameters.from_pairs(form).values) for form in sent)
    assert first == second


def percent(text: str) -> str:
    """Every byte in percent, as some clients write it."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_repeated_values_have_an_order() -> None:
    given = [("a", "b"), ("b", "a"), ("a,b",)]
    assert len({build_fingerprint({}, {"Participant": values}) for values in given}) == 3


def test_a_parameter_of_the_query_is_none_of_the_form() -> None:
    assert build_fingerprint({"Author": ("a",)}, {}) != build_fingerprint({}, {"Author": ("a",)})


@pytest.mark.parametrize("other", [(b"y", "image/png", "a.png"), (b"x", "", "a.png"), (b"x", "image/png", "b.png"), ()])
def test_a_file_is_its_content_type_and_name(other: tuple[str | bytes, ...]) -> None:
    file = (b"x", "image/png", "a.png")
    assert build_fingerprint({}, {}, file) == build_fingerprint({}, {}, list(file))
    assert build_fingerprint({}, {}, other) != build_fingerprint({}, {}, file)


# --- what a repeat finds


def recorded(since: timedelta = timedelta(), **more: object) -> RecordedRequest:
    """What was recorded some time before NOW."""
    fields: dict[str, object] = {"status": 201, "body": "{}", **more}
    return RecordedRequest("same", idempotency_keys.build_expiry(NOW - since), **fields)  # type: ignore[arg-type]


def claimed(until: timedelta) -> RecordedRequest:
    moment = idempotency_keys.to_milliseconds(NOW + until)
    return recorded(status=None, body=None, claim="t", claimed_until=moment)


DAY, MOMENT = timedelta(hours=24), timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("found", "fingerprint", "repeat"),
    [
        (None, "same", Repeat.FIRST),
        (recorded(), "same", Repeat.ANSWERED),
        (recorded(), "other", Repeat.DIFFERENT),
        (recorded(DAY - timedelta(seconds=1)), "same", Repeat.ANSWERED),
        (recorded(DAY), "same", Repeat.FIRST),
        (recorded(DAY), "other", Repeat.FIRST),
        (recorded(body=None), "same", Repeat.DELETED),
        (recorded(body=None), "other", Repeat.DIFFERENT),
        (claimed(MOMENT), "same", Repeat.UNDER_WAY),
        (claimed(MOMENT), "other", Repeat.DIFFERENT),
        (claimed(timedelta()), "same", Repeat.FIRST),
        (claimed(timedelta()), "other", Repeat.FIRST),
    ],
)
def test_a_repeat_finds_what_the_first_request_left(
    found: RecordedRequest | None, fingerprint: str, repeat: Repeat
) -> None:
    assert compare(found, fingerprint, NOW) is repeat
