"""The pages that a person sees when a sign-in does not succeed: plain HTML, without script, style or images."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from partyline.refusals import dictionary

# Nothing is loaded and nothing runs. The address of a redirect holds a code, so no other page learns it.
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SignInPage(NamedTuple):
    """What a page says, and its HTTP status."""

    status: int
    title: str
    text: str


_NOT_THIS_BROWSER = SignInPage(
    dictionary.BAD_REQUEST,
    "This sign-in has expired",
    "It took longer than ten minutes, began in another browser, or was completed already.",
)
_NO_ACCESS = SignInPage(
    dictionary.FORBIDDEN, "You have no access", "Ask an administrator to add you to a group that has access."
)
_BY_REASON: Mapping[str, SignInPage] = {
    **dict.fromkeys(("attempt", "state", "replayed", "code"), _NOT_THIS_BROWSER),
    "denied": SignInPage(dictionary.FORBIDDEN, "You are not signed in", "The sign-in was cancelled or refused."),
    "removed": SignInPage(
        dictionary.FORBIDDEN, "You have no access", "Your user was removed. Ask an administrator to create it again."
    ),
    "role_missing": SignInPage(
        dictionary.FORBIDDEN,
        "You have no access yet",
        "The role of your group does not exist. Ask an administrator to create it.",
    ),
    "identity": SignInPage(
        dictionary.FORBIDDEN,
        "You have no access",
        "The sign-in provider gave no name or verified e-mail address that can be used.",
    ),
}
PROVIDER_FAILED = SignInPage(
    dictionary.UNAVAILABLE, "Sign-in is not available", "The sign-in provider did not answer as it should. Try again."
)
BUSY = SignInPage(dictionary.UNAVAILABLE, "Sign-in is busy", "Try again in a moment.")
FAILED = SignInPage(dictionary.SERVER_ERROR, "Sign-in failed", "Something went wrong here. Try again.")


def page_of(reason: str) -> SignInPage:
    """Return the page for the reason of a refusal."""
    return _BY_REASON.get(reason, _NO_ACCESS)


def render(page: SignInPage, start_url: str) -> str:
    """Render a page with a link to the start of a sign-in."""
    title, text, link = escape(page.title), escape(page.text), escape(start_url, quote=True)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body><main><h1>{title}</h1><p>{text}</p><p><a href="{link}">Sign in</a></p></main></body></html>'
    )
