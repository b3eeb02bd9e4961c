"""The texts that phones write for reactions, by language. Pure data.

In a form, `{it}` is the place of the quoted words or of the name of a picture, and `{emoji}` is the place of an emoji.
A form without `{it}` has it at the end. Forms are separated by `|`. Spanish has two variants, by the region of the
phone (`Le gusta` and `Le gustó`), and French has three, by the version of the phone's system.

Sources: texts from public bug reports and exports. Some forms were not found there (some Portuguese ones, and removed
reactions in American Spanish); they use the words of the other forms.
"""

from __future__ import annotations

from collections.abc import Mapping

from partyline.frozen_classes import frozen


@frozen
class TapbackLanguage:
    """The forms of one language.

    - `quotes`: its pairs of quotation marks; straight quotes are valid in every language.
    - `added`, `removed`: forms by the kind of the reaction (tapbacks.TapbackKind).
    - `emoji_added`, `emoji_removed`: forms of a reaction with any emoji.
    - `media`: names of a file by its kind (tapbacks.MediaKind).
    """

    quotes: tuple[str, ...]
    added: Mapping[str, str]
    removed: Mapping[str, str]
    emoji_added: str
    emoji_removed: str
    media: Mapping[str, str]


def _small(forms: str) -> str:
    """Add to each form a variant with a small first letter, which some versions write."""
    each = [form.strip() for form in forms.split("|")]
    return " | ".join([*each, *(form[0].lower() + form[1:] for form in each)])


LANGUAGES: Mapping[str, TapbackLanguage] = {
    "en": TapbackLanguage(
        quotes=("“”",),
        added={
            "like": "Liked",
            "dislike": "Disliked",
            "love": "Loved",
            "laugh": "Laughed at",
            "emphasis": "Emphasized | Emphasised",
            "question": "Questioned",
            "sticker": "Reacted with a sticker to",
        },
        removed={
            "like": "Removed a like from",
            "dislike": "Removed a dislike from",
            "love": "Removed a heart from",
            "laugh": "Removed a laugh from",
            "emphasis": "Removed an exclamation from",
            "question": "Removed a question mark from",
        },
        emoji_added=_small("Reacted {emoji} to | Reacted with {emoji} to | {emoji} to"),
        emoji_removed=_small("Removed {emoji} from"),
        media={
            "image": "an image | a photo",
            "video": "a movie | a video",
            "audio": "an audio message",
            "attachment": "an attachment",
        },
    ),
    "es": TapbackLanguage(
        quotes=("“”", "«»"),
        added={
            "like": "Le gusta | Le gustó",
            "dislike": "No le gusta | No le gustó",
            "love": "Le encanta | Le encantó",
            "laugh": "Le hace gracia | Le dio risa | Le pareció gracioso | Se rió de",
            "emphasis": "Le sorprende | Exclamó por | Enfatizó",
            "question": "Duda sobre | Dudó sobre",
        },
        removed={
            "like": "Ya no le gusta | Quitó un me gusta de | Eliminó un me gusta de",
            "dislike": "Ya no le disgusta | Quitó un no me gusta de | Eliminó un no me gusta de",
            "love": "Ya no le encanta | Quitó un corazón de | Eliminó un corazón de",
            "laugh": "Ya no le hace gracia | Quitó una risa de | Eliminó una risa de",
            "emphasis": "Ya no le sorprende | Quitó una exclamación de | Eliminó una exclamación de",
            "question": "Ya no duda sobre | Quitó un signo de interrogación de | Eliminó un signo de interrogación de",
        },
        emoji_added="Reaccionó con {emoji} a | Ha reaccionado con {emoji} a | Se ha reaccionado con {emoji} a",
        emoji_removed="Eliminó {emoji} de | Quitó {emoji} de | Ha eliminado {emoji} de | Ha eliminado {emoji} de {it}.",
        media={
            "image": "una imagen | una foto",
            "video": "un video | un vídeo | una película",
            "audio": "un mensaje de audio | un audio",
            "attachment": "un archivo adjunto | un adjunto",
        },
    ),
    "fr": TapbackLanguage(
        quotes=("«»", "“”"),
        added={
            "like": _small(
                'A aimé | A ajouté un "J\'aime" à | A ajouté un "J\'aime" à {it}. | A attribué la mention "J\'aime" à'
            ),
            "dislike": _small(
                'N\'a pas aimé | A ajouté un "Je n\'aime pas" à | A ajouté un "Je n\'aime pas" à {it}.'
                ' | A attribué la mention "Je n\'aime pas" à'
            ),
            "love": _small(
                'A adoré | A ajouté un "J\'adore" à | A ajouté un "J\'adore" à {it}.'
                ' | A attribué la mention "Adore" à | A attribué la mention "J\'adore" à'
            ),
            "laugh": _small("A ri de | A ajouté un rire à | A ajouté un rire à {it}."),
            "emphasis": _small(
                "A mis en évidence | A souligné | A ajouté des points d'exclamation à"
                " | A ajouté des points d'exclamation à {it}."
            ),
            "question": _small(
                "A posé une question sur | S'est interrogé sur | S'est interrogée sur | S'est interrogé(e) sur"
                " | A ajouté un point d'interrogation à | A ajouté un point d'interrogation à {it}."
            ),
        },
        removed={
            "like": _small(
                'A retiré son "J\'aime" de | A retiré un "J\'aime" de | A retiré un J\'aime de'
                ' | A retiré la mention "J\'aime" de'
            ),
            "dislike": _small(
                'A retiré son "Je n\'aime pas" de | A retiré un "Je n\'aime pas" de | A retiré un Je n\'aime pas de'
                ' | A retiré la mention "Je n\'aime pas" de'
            ),
            "love": _small(
                'A retiré son "J\'adore" de | A retiré un "J\'adore" de | A retiré un cœur de'
                ' | A retiré la mention "Adore" de | A retiré la mention "J\'adore" de'
            ),
            "laugh": _small("A retiré son rire de | A retiré un rire de"),
            "emphasis": _small("A retiré ses points d'exclamation de | A retiré un point d'exclamation de"),
            "question": _small("A retiré son point d'interrogation de | A retiré un point d'interrogation de"),
        },
        emoji_added=_small('A réagi avec {emoji} à | A réagi {emoji} à | A attribué la mention "{emoji}" à'),
        emoji_removed=_small("A retiré {emoji} de | A retiré la réaction {emoji} à | A retiré la réaction {emoji} de"),
        media={
            "image": "une image | une photo",
            "video": "une vidéo | un film",
            "audio": "un message audio",
            "attachment": "une pièce jointe",
        },
    ),
    "pt": TapbackLanguage(
        quotes=("“”", "«»"),
        added={
            "like": "Gostou de | Curtiu",
            "dislike": "Não gostou de | Não curtiu",
            "love": "Amou | Adorou",
            "laugh": "Riu de | Achou graça de",
            "emphasis": "Enfatizou | Destacou",
            "question": "Questionou",
        },
        removed={
            "like": "Removeu um gostei de | Removeu uma curtida de",
            "dislike": "Removeu um não gostei de | Removeu um não curti de",
            "love": "Removeu um coração de",
            "laugh": "Removeu uma risada de | Removeu um riso de",
            "emphasis": "Removeu uma exclamação de | Removeu um ponto de exclamação de",
            "question": "Removeu uma interrogação de | Removeu um ponto de interrogação de",
        },
        emoji_added="Reagiu com {emoji} a | Reagiu com {emoji} à",
        emoji_removed="Removeu {emoji} de",
        media={
            "image": "uma imagem | uma foto",
            "video": "um vídeo | um filme",
            "audio": "uma mensagem de áudio | um áudio",
            "attachment": "um anexo",
        },
    ),
    "de": TapbackLanguage(
        quotes=("„“", "„”", '„"', "“”"),
        added={
            "like": "Gefällt: | Gefällt",
            "dislike": "Gefällt nicht: | Gefällt nicht",
            "love": "{it} ein Herz hinzugefügt",
            "laugh": "{it} ein Lachen hinzugefügt",
            "emphasis": "{it} ein Ausrufezeichen hinzugefügt",
            "question": "{it} ein Fragezeichen hinzugefügt",
        },
        removed={
            "like": '"Gefällt mir" von {it} entfernt',
            "dislike": '"Gefällt mir nicht" von {it} entfernt',
            "love": "Herz von {it} entfernt",
            "laugh": "Lachen von {it} entfernt",
            "emphasis": "Ausrufezeichen von {it} entfernt",
            "question": "Fragezeichen von {it} entfernt",
        },
        emoji_added="Hat mit {emoji} auf {it} reagiert",
        emoji_removed="{emoji} aus {it} entfernt | {emoji} von {it} entfernt",
        media={
            "image": "ein Bild | einem Bild | ein Foto | einem Foto",
            "video": "ein Video | einem Video | ein Film | einen Film | einem Film",
            "audio": "eine Audionachricht | einer Audionachricht",
            "attachment": "ein Anhang | einen Anhang | einem Anhang",
        },
    ),
    "it": TapbackLanguage(
        quotes=("“”", "«»"),
        added={
            "like": 'Ha aggiunto "Mi piace" a',
            "dislike": 'Ha aggiunto "Non mi piace" a',
            "love": "Ha aggiunto un cuoricino a",
            "laugh": "Trova divertente",
            "emphasis": "Ha aggiunto i punti esclamativi a",
            "question": "Ha aggiunto il punto interrogativo a",
        },
        removed={
            "like": 'Ha rimosso "Mi piace" da',
            "dislike": 'Ha rimosso "Non mi piace" da',
            "love": "Ha rimosso il cuoricino da",
            "laugh": "Non trova più divertente",
            "emphasis": "Ha rimosso i punti esclamativi da",
            "question": "Ha rimosso il punto interrogativo da",
        },
        emoji_added="Ha reagito con {emoji} a",
        emoji_removed="Ha rimosso {emoji} da",
        media={
            "image": "un'immagine | una foto",
            "video": "un video | un filmato",
            "audio": "un messaggio audio",
            "attachment": "un allegato",
        },
    ),
    "nl": TapbackLanguage(
        quotes=("“”", "„”"),
        added={
            "like": "Vond {it} leuk",
            "dislike": "Vond {it} niet leuk",
            "love": "Gaf een hartje aan",
            "laugh": "Lachte om",
            "emphasis": "Benadrukte",
            "question": "Zette een vraagteken bij",
        },
        removed={
            "like": "Verwijderde een duim omhoog van",
            "dislike": "Verwijderde een duim omlaag van",
            "love": "Verwijderde een hartje van",
            "laugh": "Verwijderde een lach van",
            "emphasis": "Verwijderde een uitroepteken van",
            "question": "Verwijderde een vraagteken van",
        },
        emoji_added="Reageerde met {emoji} op",
        emoji_removed="Verwijderde {emoji} uit | Verwijderde {emoji} van",
        media={
            "image": "een afbeelding | een foto",
            "video": "een video | een film",
            "audio": "een audiobericht",
            "attachment": "een bijlage",
        },
    ),
    "sv": TapbackLanguage(
        quotes=("“”", "””"),
        added={
            "like": "Gillade",
            "dislike": "Ogillade",
            "love": "Gav ett hjärta till",
            "laugh": "Skrattade åt",
            "emphasis": "Betonade",
            "question": "Satte ett frågetecken på",
        },
        removed={
            "like": "Tog bort ett gillande från",
            "dislike": "Tog bort ett ogillande från",
            "love": "Tog bort ett hjärta från",
            "laugh": "Tog bort ett skratt från",
            "emphasis": "Tog bort utropstecken från",
            "question": "Tog bort ett frågetecken från",
        },
        emoji_added=_small("Reagerade med {emoji} på"),
        emoji_removed="Tog bort {emoji} från",
        media={
            "image": "en bild | ett foto",
            "video": "en video | en film",
            "audio": "ett ljudmeddelande",
            "attachment": "en bilaga",
        },
    ),
}
