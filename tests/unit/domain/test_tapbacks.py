"""Tapbacks: which texts are reactions, and which message they are about."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from partyline.domain import tapbacks
from partyline.domain.media import Media
from partyline.domain.messages import Message
from partyline.domain.sends import Send
from partyline.domain.tapbacks import MediaKind, Tapback, TapbackKind, TapbackMark

NOW = datetime(2026, 11, 22, tzinfo=UTC)
# As Google Messages marks its texts: all and the quote; an emoji; an emoji that is removed.
H, ADD, TAKE = "\u200a", "\u200b", "\u200c"

WORDED = {
    "Liked": Tapback(TapbackKind.LIKE),
    "Disliked": Tapback(TapbackKind.DISLIKE),
    "Loved": Tapback(TapbackKind.LOVE),
    "Laughed at": Tapback(TapbackKind.LAUGH),
    "Emphasized": Tapback(TapbackKind.EMPHASIS),
    "Emphasised": Tapback(TapbackKind.EMPHASIS),
    "Questioned": Tapback(TapbackKind.QUESTION),
    "Reacted with a sticker to": Tapback(TapbackKind.STICKER),
    "Removed a like from": Tapback(TapbackKind.LIKE, removed=True),
    "Removed a dislike from": Tapback(TapbackKind.DISLIKE, removed=True),
    "Removed a heart from": Tapback(TapbackKind.LOVE, removed=True),
    "Removed a laugh from": Tapback(TapbackKind.LAUGH, removed=True),
    "Removed an exclamation from": Tapback(TapbackKind.EMPHASIS, removed=True),
    "Removed a question mark from": Tapback(TapbackKind.QUESTION, removed=True),
    "Reacted 🎉 to": Tapback(TapbackKind.EMOJI, emoji="🎉"),
    "Removed 🎉 from": Tapback(TapbackKind.EMOJI, removed=True, emoji="🎉"),
    "👍 to": Tapback(TapbackKind.EMOJI, emoji="👍"),
    "removed 👍 from": Tapback(TapbackKind.EMOJI, removed=True, emoji="👍"),
}
# Each form around a quote that stands for %.
FORMS = {
    **{f"{head} “%”": meant for head, meant in WORDED.items()},
    **{f'{head} "%"': meant for head, meant in WORDED.items()},
    f"{H}Reacted {ADD}😂{ADD} to “{H}%{H}”{H}": Tapback(TapbackKind.EMOJI, emoji="😂"),
    f"{H}{ADD}👍{ADD} to “{H}%{H}”{H}": Tapback(TapbackKind.EMOJI, emoji="👍"),
    f"{H}Removed {TAKE}👍{TAKE} from “{H}%{H}”{H}": Tapback(TapbackKind.EMOJI, removed=True, emoji="👍"),
    f"{H}A réagi avec {ADD}😂{ADD} à « {H}%{H} »{H}": Tapback(TapbackKind.EMOJI, emoji="😂"),
    f"{H}Eliminó {TAKE}❤️{TAKE} de «{H}%{H}»{H}": Tapback(TapbackKind.EMOJI, removed=True, emoji="❤️"),
    # The same when a carrier makes blanks plain, or drops invisible characters.
    f'{H}👍{H} to "{H}%{H}"{H}': Tapback(TapbackKind.EMOJI, emoji="👍"),
    f"{ADD}👍{ADD} to “{H}%{H}” \n": Tapback(TapbackKind.EMOJI, emoji="👍"),
    f"  removed  {TAKE}👍{TAKE} from{H}“%”": Tapback(TapbackKind.EMOJI, removed=True, emoji="👍"),
}


def message(index: int, body: str | None, *media_types: str | None, edited_from: str | None = None) -> Message:
    media = tuple(Media(f"ME{n}", "https://carrier.example/1", kind) for n, kind in enumerate(media_types))
    sid = f"IM{index}"
    return Message(sid, "CH1", index, NOW, NOW, "agent", body, media=media, edited_from=edited_from)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised_with_what_it_quotes(form: str) -> None:
    found = tapbacks.parse_tapback(form.replace("%", "See you at 6"))
    meant = FORMS[form]
    assert found == Tapback(meant.kind, meant.removed, meant.emoji, quoted="See you at 6")


# Blanks and marks at the ends of a quote cannot be distinguished from those that phones add.
QUOTED = st.text().filter(lambda text: text.strip() and text.strip(f" {H}{ADD}{TAKE}\u2060\ufeff") == text)


@given(st.sampled_from(sorted(FORMS)), QUOTED)
@example("Liked “%”", "He said “hi” and\nleft ”")
@example('Loved "%"', 'The "big" one\n\n"')
@example("Liked “%”", 'Loved "it"')
@example('Liked "%"', "Loved “it”")
def test_quote_is_unchanged_with_any_content(form: str, quoted: str) -> None:
    found = tapbacks.parse_tapback(form.replace("%", quoted))
    assert found
    assert found.quoted == quoted
    assert (found.kind, found.removed, found.emoji) == (FORMS[form].kind, FORMS[form].removed, FORMS[form].emoji)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Loved an image", Tapback(TapbackKind.LOVE, media=MediaKind.IMAGE)),
        ("Laughed at a photo", Tapback(TapbackKind.LAUGH, media=MediaKind.IMAGE)),
        ("Liked a movie", Tapback(TapbackKind.LIKE, media=MediaKind.VIDEO)),
        ("Questioned a video", Tapback(TapbackKind.QUESTION, media=MediaKind.VIDEO)),
        ("Disliked an audio message", Tapback(TapbackKind.DISLIKE, media=MediaKind.AUDIO)),
        ("Emphasized an attachment", Tapback(TapbackKind.EMPHASIS, media=MediaKind.ATTACHMENT)),
        ("Removed a heart from an image", Tapback(TapbackKind.LOVE, removed=True, media=MediaKind.IMAGE)),
        ("Reacted 😮 to an image", Tapback(TapbackKind.EMOJI, emoji="😮", media=MediaKind.IMAGE)),
    ],
)
def test_a_tapback_on_media_names_its_kind(text: str, expected: Tapback) -> None:
    assert tapbacks.parse_tapback(text) == expected
    assert tapbacks.parse_tapback(f" {text}\n") == expected


N = "\u00a0"
LIKE, DISLIKE, LOVE, LAUGH, EMPHASIS, QUESTION = (
    Tapback(kind)
    for kind in (
        TapbackKind.LIKE,
        TapbackKind.DISLIKE,
        TapbackKind.LOVE,
        TapbackKind.LAUGH,
        TapbackKind.EMPHASIS,
        TapbackKind.QUESTION,
    )
)
FUNNY = Tapback(TapbackKind.EMOJI, emoji="😂")
# What iPhones and Google Messages write, with % for what is quoted; what is taken back below.
LANGUAGES = {
    "es": {
        "Le gustó “%”": LIKE,
        "No le gustó “%”": DISLIKE,
        "Le encantó “%”": LOVE,
        "Le dio risa “%”": LAUGH,
        "Exclamó por “%”": EMPHASIS,
        "Dudó sobre “%”": QUESTION,
        "Reaccionó con 😂 a “%”": FUNNY,
    },
    "es-ES": {
        "Le gusta “%”": LIKE,
        "No le gusta «%»": DISLIKE,
        "Le encanta «%»": LOVE,
        "Le hace gracia “%”": LAUGH,
        "Le sorprende “%”": EMPHASIS,
        "Duda sobre “%”": QUESTION,
        "Se ha reaccionado con 😂 a “%”": FUNNY,
    },
    "fr": {
        f"A aimé «{N}%{N}»": LIKE,
        "A aimé « % »": LIKE,
        "N’a pas aimé « % »": DISLIKE,
        "A adoré « % »": LOVE,
        "A ri de « % »": LAUGH,
        "A mis en évidence « % »": EMPHASIS,
        "A posé une question sur « % »": QUESTION,
        f"a ajouté un «{N}J’aime{N}» à «{N}%{N}».": LIKE,
        "A ajouté un « J’adore » à « % »": LOVE,
        'A ajouté un "J\'adore" à "%"': LOVE,
        "A ajouté un « Je n’aime pas » à « % »": DISLIKE,
        "A ajouté un rire à « % »": LAUGH,
        "A ajouté des points d’exclamation à « % »": EMPHASIS,
        "A ajouté un point d’interrogation à « % »": QUESTION,
        "a attribué la mention « Adore » à « % »": LOVE,
        "A réagi avec 😂 à « % »": FUNNY,
        "a attribué la mention « 😂 » à « % »": FUNNY,
    },
    "pt": {
        "Gostou de “%”": LIKE,
        "Curtiu “%”": LIKE,
        "Não curtiu “%”": DISLIKE,
        "Amou “%”": LOVE,
        "Riu de “%”": LAUGH,
        "Enfatizou “%”": EMPHASIS,
        "Questionou “%”": QUESTION,
        "Reagiu com 😂 a “%”": FUNNY,
    },
    "de": {
        "Gefällt: „%“": LIKE,
        "Gefällt nicht: „%“": DISLIKE,
        "„%“ ein Herz hinzugefügt": LOVE,
        "„%“ ein Lachen hinzugefügt": LAUGH,
        "„%“ ein Ausrufezeichen hinzugefügt": EMPHASIS,
        "„%“ ein Fragezeichen hinzugefügt": QUESTION,
        "Hat mit 😂 auf „%“ reagiert": FUNNY,
    },
    "it": {
        "Ha aggiunto “Mi piace” a “%”": LIKE,
        "Ha aggiunto “Non mi piace” a “%”": DISLIKE,
        "Ha aggiunto un cuoricino a “%”": LOVE,
        "Trova divertente “%”": LAUGH,
        "Ha aggiunto i punti esclamativi a “%”": EMPHASIS,
        "Ha aggiunto il punto interrogativo a “%”": QUESTION,
        "Ha reagito con 😂 a «%»": FUNNY,
    },
    "nl": {"Vond “%” leuk": LIKE, "Vond “%” niet leuk": DISLIKE, "Reageerde met 😂 op “%”": FUNNY},
    "sv": {"Gillade ”%”": LIKE, "Gav ett hjärta till “%”": LOVE, "reagerade med 😂 på “%”": FUNNY},
    "en": {"Reacted with 😂 to “%”": FUNNY, "reacted with 😂 to “%”": FUNNY},
}
TAKEN_BACK = {
    "es": {
        "Eliminó 😂 de «%»": FUNNY,
        "Eliminó un corazón de “%”": LOVE,
        "Quitó un signo de interrogación de “%”": QUESTION,
    },
    "es-ES": {
        "Ya no le gusta “%”": LIKE,
        "Ya no le disgusta “%”": DISLIKE,
        "Ya no le encanta “%”": LOVE,
        "Ya no le hace gracia “%”": LAUGH,
        "Ya no le sorprende “%”": EMPHASIS,
        "Ya no duda sobre “%”": QUESTION,
        "Ha eliminado 😂 de “%”.": FUNNY,
    },
    "fr": {
        f"a retiré son «{N}J’aime{N}» de «{N}%{N}»": LIKE,
        "A retiré son « Je n’aime pas » de « % »": DISLIKE,
        "A retiré un cœur de « % »": LOVE,
        "A retiré la mention « Adore » de « % »": LOVE,
        "A retiré son rire de « % »": LAUGH,
        "A retiré ses points d’exclamation de « % »": EMPHASIS,
        "A retiré son point d’interrogation de « % »": QUESTION,
        "A retiré 😂 de « % »": FUNNY,
    },
    "pt": {"Removeu um coração de “%”": LOVE, "Removeu 😂 de “%”": FUNNY},
    "de": {
        "„Gefällt mir“ von „%“ entfernt": LIKE,
        "„Gefällt mir nicht“ von „%“ entfernt": DISLIKE,
        '"Gefällt mir" von "%" entfernt': LIKE,
        "Herz von „%“ entfernt": LOVE,
        "Lachen von „%“ entfernt": LAUGH,
        "Ausrufezeichen von „%“ entfernt": EMPHASIS,
        "Fragezeichen von „%“ entfernt": QUESTION,
        "😂 aus „%“ entfernt": FUNNY,
    },
    "it": {
        "Ha rimosso “Mi piace” da “%”": LIKE,
        "Ha rimosso il cuoricino da “%”": LOVE,
        "Non trova più divertente “%”": LAUGH,
        "Ha rimosso 😂 da “%”": FUNNY,
    },
}
IN_LANGUAGES = [
    (form, replace(meant, removed=removed))
    for removed, languages in ((False, LANGUAGES), (True, TAKEN_BACK))
    for forms in languages.values()
    for form, meant in forms.items()
]


@pytest.mark.parametrize("quoted", ["Hasta el domingo", 'Dijo «no», „nein“, “no” y "no"', "See you\nat 6…"])
@pytest.mark.parametrize(("form", "meant"), IN_LANGUAGES)
def test_tapbacks_are_recognised_in_other_languages(form: str, meant: Tapback, quoted: str) -> None:
    """C9."""
    assert tapbacks.parse_tapback(form.replace("%", quoted)) == replace(meant, quoted=quoted)


@pytest.mark.parametrize(("form", "meant"), IN_LANGUAGES)
def test_so_they_are_with_straight_quotes_and_letters_taken_apart(form: str, meant: Tapback) -> None:
    """C9, as carriers change them."""
    text = form.translate(dict.fromkeys(map(ord, "“”„«»"), '"')).replace("’", "'").replace(f'"{N}', '"')
    for one in (text, unicodedata.normalize("NFD", text)):
        found = tapbacks.parse_tapback(one.replace("%", "Hasta el domingo"))
        assert found and replace(found, quoted=(found.quoted or "").strip()) == replace(
            meant, quoted="Hasta el domingo"
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Le encantó una imagen", replace(LOVE, media=MediaKind.IMAGE)),
        ("Le gusta una foto", replace(LIKE, media=MediaKind.IMAGE)),
        ("Ya no le gusta un vídeo", replace(LIKE, removed=True, media=MediaKind.VIDEO)),
        ("Reaccionó con 😂 a una imagen", replace(FUNNY, media=MediaKind.IMAGE)),
        ("A aimé une image", replace(LIKE, media=MediaKind.IMAGE)),
        ("A ajouté un « J’adore » à une photo.", replace(LOVE, media=MediaKind.IMAGE)),
        ("A ri d’une vidéo", replace(LAUGH, media=MediaKind.VIDEO)),
        ("Curtiu uma mensagem de áudio", replace(LIKE, media=MediaKind.AUDIO)),
        ("Gostou de um anexo", replace(LIKE, media=MediaKind.ATTACHMENT)),
        ("Gefällt: ein Bild", replace(LIKE, media=MediaKind.IMAGE)),
        ("Einem Bild ein Herz hinzugefügt", replace(LOVE, media=MediaKind.IMAGE)),
        ("Herz von einem Bild entfernt", replace(LOVE, removed=True, media=MediaKind.IMAGE)),
        ("Hat mit 😂 auf ein Video reagiert", replace(FUNNY, media=MediaKind.VIDEO)),
        ("Ha aggiunto un cuoricino a un'immagine", replace(LOVE, media=MediaKind.IMAGE)),
        ("Trova divertente un allegato", replace(LAUGH, media=MediaKind.ATTACHMENT)),
    ],
)
def test_so_are_those_on_media(text: str, expected: Tapback) -> None:
    """C9."""
    assert tapbacks.parse_tapback(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Me gusta “La casa”",
        "Le gusta mucho “La casa”",
        "Le gusta la casa",
        "Il a aimé « Dune »",
        "A aimé ça",
        "a attribué la mention « Bravo » à « ok »",
        "A réagi vite à « ok »",
        "Reaccionó con alegría a “la noticia”",
        "Mir gefällt: „Dune“",
        "Gefällt: „Dune“ sehr",
        "„Dune“ ein Buch hinzugefügt",
        "Hat mit 😂 auf „Dune“ geantwortet",
        "Trova divertente",
        "Le encantó una imagen tuya",
        "Le encantó una imagencita",
        "Liked «hello»",
        "Loved „hello“",
    ],
)
def test_words_that_are_like_them_are_none_in_any_language(text: str) -> None:
    """C9."""
    assert tapbacks.parse_tapback(text) is None


@pytest.mark.parametrize("marks", ["“”", '""', "«»", "„“"])
def test_a_text_of_quotes_is_looked_at_in_few_places(marks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """C9: whatever the text is."""
    looked: list[str] = []
    match_form = tapbacks._match_form

    def counted(forms: Any, before: str, behind: str, **about: Any) -> Tapback | None:
        looked.append(before)
        return match_form(forms, before, behind, **about)

    monkeypatch.setattr(tapbacks, "_match_form", counted)
    assert tapbacks.parse_tapback(f"{marks[0]}x" * 500 + f"x{marks[1]}" * 500) is None
    assert len(looked) < 50


@pytest.mark.parametrize("emoji", ["😂", "❤️", "❤", "👍🏽", "👨‍👩‍👧‍👦", "🕵🏽‍♂️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇺🇸", "#️⃣", "‼️", "☺️", "🫠", "™️"])
def test_any_one_emoji_is_a_reaction(emoji: str) -> None:
    assert tapbacks.parse_tapback(f"Reacted {emoji} to “ok”") == Tapback(TapbackKind.EMOJI, emoji=emoji, quoted="ok")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Liked",
        "Liked your house",
        "Liked ",
        "Liked “”",
        'Loved ""',
        'Loved " "',
        "Loved it!",
        'Loved "The Wire", you?',
        'I Loved "The Wire"',
        'Loved: "The Wire"',
        'loved "The Wire"',
        'Loved "The Wire',
        "Loved “The Wire…",
        "Loved The Wire”",
        "Loved ‘The Wire’",
        "Loved an image you sent",
        "Loved animage",
        "an image",
        "We loved an image",
        "Laughed “hello”",
        "Removed from “hello”",
        "Removed a chair from “the room”",
        "Reacted badly to “hello”",
        "Reacted to “hello”",
        "Reacted 👍👍 to “hello”",
        "Reacted 👍 and 👎 to “hello”",
        "5 to “hello”",
        "→ to “hello”",
        "— to “be” or not “to be”",
        "👍 “hello”",
        "See 👍 to “hello”",
        f"{H}Reacted {ADD}badly{ADD} to “{H}hello{H}”{H}",
        f"{H}Reacted {ADD}😂{TAKE} to «{H}hello{H}»{H}",
        f"{H}👍{H}",
    ],
)
def test_anything_else_is_no_tapback(text: str) -> None:
    assert tapbacks.parse_tapback(text) is None


@given(st.text() | st.text(st.sampled_from(f'Liked to“”"👍{H}{ADD}{TAKE} \n'), max_size=40))
def test_no_text_is_too_odd(text: str) -> None:
    found = tapbacks.parse_tapback(text)
    if found:
        assert (found.quoted is None) != (found.media is None)
        assert (found.emoji is None) == (found.kind is not TapbackKind.EMOJI)
        assert tapbacks.find_target(found, [message(0, text)] * 2) is None


# --- what is meant


def quoting(quoted: str) -> Tapback:
    return Tapback(TapbackKind.LIKE, quoted=quoted)


def index_of(tapback: Tapback, *recent: Message) -> int | None:
    found = tapbacks.find_target(tapback, recent)
    return found.index if found else None


def test_the_one_message_with_the_quoted_words_is_meant() -> None:
    assert index_of(quoting("yes"), message(2, "no"), message(1, "yes"), message(0, "yes!")) == 1


def test_target_is_unknown_for_two_equal_texts_or_none() -> None:
    assert index_of(quoting("ok"), message(2, "ok"), message(1, "no"), message(0, "ok")) is None
    assert index_of(quoting("ok"), message(1, "no"), message(0, None)) is None
    assert index_of(quoting("ok")) is None
    assert index_of(quoting("\ufffc"), message(0, None), message(1, "")) is None


@pytest.mark.parametrize(
    ("quoted", "said"),
    [
        ("It’s “fine”", 'It\'s "fine"'),
        ('It\'s "fine"', "It’s “fine”"),
        ("Cafe\u0301", "Café"),
        ("one\ntwo  three", "one\r\ntwo three"),
        ("love ❤", "love ❤️"),
        ("look\ufffc", "look"),
        ("wait…", "wait..."),
        ("wait...", "wait…"),
    ],
)
def test_notation_makes_no_difference(quoted: str, said: str) -> None:
    assert index_of(quoting(quoted), message(1, "another"), message(0, said)) == 0
    assert index_of(quoting(quoted.upper()), message(0, said)) is None


@pytest.mark.parametrize("ellipsis", ["…", "...", " …"])
def test_a_quote_that_was_cut_means_the_one_message_that_begins_so(ellipsis: str) -> None:
    cut = quoting(f"The house on Elm Street{ellipsis}")
    long = message(0, "The house on Elm Street has three bedrooms.")
    assert index_of(cut, message(1, "On Elm Street"), long) == 0
    assert index_of(cut, message(1, "The house on Elm Street is gone."), long) is None
    assert index_of(cut, message(1, f"The house on Elm Street{ellipsis}"), long) is None
    assert index_of(quoting("The house on Elm Street"), long) is None


def test_a_short_quote_with_an_ellipsis_was_written_so() -> None:
    assert index_of(quoting("So…"), message(0, "So what do we do?")) is None
    assert index_of(quoting("So…"), message(1, "So what do we do?"), message(0, "So...")) == 0
    assert index_of(quoting("…"), message(0, "anything")) is None


def test_an_edited_message_is_quoted_as_it_was_sent() -> None:
    edited = message(0, "Monday", edited_from="Sunday")
    assert index_of(quoting("Sunday"), edited) == 0
    assert index_of(quoting("Monday"), edited) is None


def test_a_message_that_went_on_under_its_authors_name_is_quoted_with_it() -> None:
    relayed = replace(message(0, "On my way"), sends=(Send("", "P", {}, byline="Ann"),))
    assert index_of(quoting("Ann: On my way"), relayed) == 0
    assert index_of(quoting("On my way"), relayed) == 0
    assert index_of(quoting("Ben: On my way"), relayed) is None


@pytest.mark.parametrize(
    ("media", "recent", "expected"),
    [
        (MediaKind.IMAGE, [message(2, "words"), message(1, "look", "image/jpeg", "image/png")], 1),
        (MediaKind.IMAGE, [message(2, None, "image/jpeg"), message(1, None, "image/gif")], None),
        (MediaKind.IMAGE, [message(2, None, "video/mp4"), message(1, None, "Image/JPEG")], 1),
        (MediaKind.IMAGE, [message(2, None, "video/mp4"), message(1, "words")], None),
        (MediaKind.VIDEO, [message(2, None, "video/mp4"), message(1, None, "image/gif")], 2),
        (MediaKind.AUDIO, [message(2, None, "audio/amr")], 2),
        # Some carriers do not say what it is.
        (MediaKind.IMAGE, [message(2, "words"), message(1, None, None)], 1),
        (MediaKind.IMAGE, [message(2, None, None), message(1, None, "image/gif")], None),
        (MediaKind.ATTACHMENT, [message(2, "words"), message(1, None, "text/vcard")], 1),
        (MediaKind.ATTACHMENT, [message(2, None, "image/gif"), message(1, None, "text/vcard")], None),
    ],
)
def test_media_are_meant_when_one_message_only_can_be(
    media: MediaKind, recent: list[Message], expected: int | None
) -> None:
    assert index_of(Tapback(TapbackKind.LOVE, media=media), *recent) == expected


def test_attributes_have_what_is_known() -> None:
    bare = tapbacks.to_attributes(Tapback(TapbackKind.LIKE, quoted="ok"), None)
    assert json.loads(bare) == {"tapback": {"kind": "like", "removed": False}}
    full = tapbacks.to_attributes(Tapback(TapbackKind.EMOJI, removed=True, emoji="🎉", quoted="ok"), message(7, "ok"))
    assert json.loads(full) == {
        "tapback": {"kind": "emoji", "removed": True, "emoji": "🎉", "message_sid": "IM7", "index": 7}
    }
    assert "🎉" in full


@pytest.mark.parametrize(
    ("tapback", "mark"),
    [
        (Tapback(TapbackKind.LIKE, quoted="ok"), TapbackMark("like")),
        (Tapback(TapbackKind.LOVE, removed=True), TapbackMark("love", removed=True)),
        (Tapback(TapbackKind.EMOJI, emoji="🎉"), TapbackMark("emoji", emoji="🎉")),
    ],
)
def test_a_mark_is_read_where_it_is_known_what_it_is_about(tapback: Tapback, mark: TapbackMark) -> None:
    assert tapbacks.read_mark(tapbacks.to_attributes(tapback, message(7, "ok"))) == mark
    assert tapbacks.read_mark(tapbacks.to_attributes(tapback, None)) is None


@pytest.mark.parametrize(
    "attributes",
    [
        "{}",
        "",
        "7",
        "[]",
        "not JSON",
        '{"tapback": null}',
        '{"tapback": "like"}',
        '{"tapback": {"kind": "like", "message_sid": 7}}',
        '{"tapback": {"kind": {}, "message_sid": "IM7"}}',
        '{"tapback": {"message_sid": "IM7"}}',
    ],
)
def test_other_attributes_are_no_mark(attributes: str) -> None:
    assert tapbacks.read_mark(attributes) is None
