"""/session: sign-in for browsers, by redirects and cookies. docs/sign-in.md describes it.

A page of another origin can neither read an answer nor get anything by a request: a POST needs a header that forms
cannot set and the `Origin` of this API, cookies go with requests of this origin only, and no answer allows CORS.
Redirects lead to the provider and to one page of this origin; no parameter of a request can change that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from partyline import refusals
from partyline.api import session_pages
from partyline.api.error_responses import build_error_response
from partyline.api.operations import Operation
from partyline.api.request import gateway_url
from partyline.api.session_bodies import AccessTokenBody, SessionBody, build_session_body
from partyline.api.session_pages import SignInPage
from partyline.auth import sign_in_attempts
from partyline.auth.sign_in import SignIn
from partyline.domain.sign_in_sessions import SESSION_LIFE
from partyline.errors import ApiError, Conflict, ProviderFailed, SignInRefused, TableThrottled
from partyline.event_headers import read_headers
from partyline.frozen_classes import frozen
from partyline.observability import count, logger

# `__Host-`: the cookie came from this host, securely, and no other host can set or read it (RFC 6265bis).
SESSION_COOKIE = "__Host-partyline"
ATTEMPT_COOKIE = "__Host-partyline-sign-in"
# A header that a form of another page cannot set, and that a script of another page may not.
GUARD_HEADER = "x-partyline-session"
_COOKIE_FLAGS = "Path=/; Secure; HttpOnly; SameSite=Lax"
_RETRY_SECONDS = 5

Response = dict[str, Any]


class SessionRequest(NamedTuple):
    """A request: its headers, its cookies by name, its query, and the API's base URL."""

    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    query: Mapping[str, str]
    base_url: str

    @property
    def session_cookie(self) -> str:
        """The cookie of the session; empty without one."""
        return self.cookies.get(SESSION_COOKIE, "")


@frozen
class SessionEndpoint:
    """Answers requests for /session and below.

    `landing` is the path below the base URL to which a person comes after signing in. `live_url` and `group_limit` are
    told to the page.
    """

    sign_in: SignIn
    public_url: str
    live_url: str
    landing: str
    group_limit: int

    def serve(self, event: Mapping[str, Any]) -> Response:
        """Return the API Gateway response to a request. Never raises."""
        request = _read_request(event, self.public_url)
        route = (str(event["httpMethod"]).upper(), str(event["resource"]).rstrip("/"))
        pages: dict[tuple[str, str], Callable[[SessionRequest], Response]] = {
            ("GET", "/session/start"): self._start,
            ("GET", "/session/return"): self._return,
        }
        answers: dict[tuple[str, str], Callable[[SessionRequest], Response]] = {
            ("GET", "/session"): self.describe,
            ("POST", "/session/token"): self.give_token,
            ("POST", "/session/end"): self.end,
        }
        if route in pages:
            return _answer_with_page(lambda: pages[route](request), f"{request.base_url}/session/start")
        if route not in answers:
            return _refuse(refusals.not_found(route[1]))
        return _answer_with_json(lambda: answers[route](request))

    def _start(self, request: SessionRequest) -> Response:
        """Send a browser to the provider."""
        url, cookie = self.sign_in.begin(_return_url(request))
        life = int(sign_in_attempts.LIFE.total_seconds())
        return _redirect(302, url, [_set_cookie(ATTEMPT_COOKIE, cookie, life)])

    def _return(self, request: SessionRequest) -> Response:
        """Complete a sign-in when the provider sends the browser back."""
        attempt = request.cookies.get(ATTEMPT_COOKIE, "")
        cookie = self.sign_in.complete(attempt, request.query, _return_url(request))
        logger.info("signin.completed")
        count("SignInCompleted")
        cookies = [
            _set_cookie(SESSION_COOKIE, cookie, int(SESSION_LIFE.total_seconds())),
            _clear_cookie(ATTEMPT_COOKIE),
        ]
        return _redirect(303, f"{request.base_url}/{self.landing}", cookies)

    def give_token(self, request: SessionRequest) -> Response:
        """Give the page an access token.

        The identity provider is asked about the person first. The request needs the header X-Partyline-Session and the
        Origin of the API. 409 and 503 have a Retry-After.
        """
        _check_origin(request)
        given = self.sign_in.give_token(request.session_cookie)
        count("SignInToken")
        return _respond(200, AccessTokenBody.build(given).to_json())

    def end(self, request: SessionRequest) -> Response:
        """End the session, if there is one.

        The request needs the header X-Partyline-Session and the Origin of the API.
        """
        _check_origin(request)
        self.sign_in.end(request.session_cookie)
        return _respond(204, None, [_clear_cookie(SESSION_COOKIE)])

    def describe(self, request: SessionRequest) -> Response:
        """Fetch the session: who is signed in, and what a page needs to know of this deployment."""
        found = self.sign_in.describe(request.session_cookie)
        body: SessionBody = build_session_body(found, self.sign_in.account_sid, self.live_url, self.group_limit)
        return _respond(200, body.to_json())


# --- requests


def _read_request(event: Mapping[str, Any], public_url: str) -> SessionRequest:
    headers = read_headers(event)
    return SessionRequest(
        headers=headers,
        cookies=parse_cookies(_join_cookies(event)),
        query={str(name): str(value) for name, value in (event.get("queryStringParameters") or {}).items()},
        base_url=public_url or gateway_url(event),
    )


def _join_cookies(event: Mapping[str, Any]) -> str:
    """Join the Cookie headers of a request: HTTP/2 permits several (RFC 9113, section 8.2.3)."""
    given = event.get("multiValueHeaders") or {}
    values = [str(value) for name, values in given.items() if name.lower() == "cookie" for value in values]
    return "; ".join(values)


def parse_cookies(header: str) -> dict[str, str]:
    """Parse a Cookie header; of a name that is repeated, the first one counts.

    Only the white space of RFC 6265 is left out. A browser takes other kinds for a part of a name, and so lets any host
    set such a cookie: without it, it would pass for one of ours.
    """
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.strip(" \t").partition("=")
        cookies.setdefault(name, value)
    return cookies


def _return_url(request: SessionRequest) -> str:
    return f"{request.base_url}/session/return"


def _check_origin(request: SessionRequest) -> None:
    """Refuse a request that a page of another origin may have made. Raises ApiError 20403."""
    base = urlsplit(request.base_url)
    own_origin = f"{base.scheme}://{base.netloc}"
    site = request.headers.get("sec-fetch-site", "same-origin")
    if request.headers.get("origin") != own_origin or site != "same-origin" or GUARD_HEADER not in request.headers:
        raise refusals.forbidden(f"send the header X-Partyline-Session, from a page of {own_origin}")


# --- responses


def _answer_with_page(act: Callable[[], Response], start_url: str) -> Response:
    """Answer a request that a person has made. What fails becomes a page."""
    try:
        return act()
    except SignInRefused as refused:
        _record_refusal(refused)
        page = session_pages.page_of(refused.reason)
    except ProviderFailed as failure:
        _record_failure(failure)
        page = session_pages.PROVIDER_FAILED
    except (Conflict, TableThrottled):
        page = session_pages.BUSY
    except Exception:  # noqa: BLE001  (the last line of defence: it is logged, and the person learns nothing of it)
        logger.exception("signin.failed")
        page = session_pages.FAILED
    return _build_page(page, start_url)


def _answer_with_json(act: Callable[[], Response]) -> Response:
    """Answer a request of a script. What fails becomes JSON."""
    try:
        return act()
    except SignInRefused as refused:
        _record_refusal(refused)
        # The session has ended by this, whatever the reason.
        return _refuse(refusals.signed_out(refused.reason), [_clear_cookie(SESSION_COOKIE)])
    except ProviderFailed as failure:
        _record_failure(failure)
        answer = refusals.sign_in_unavailable(_RETRY_SECONDS)
    except ApiError as refused_request:
        answer = refused_request
    except Conflict:
        answer = refusals.session_busy()
    except TableThrottled:
        answer = refusals.too_many_requests()
    except Exception:  # noqa: BLE001  (as above)
        logger.exception("signin.failed")
        answer = refusals.failed()
    return _refuse(answer)


def _record_refusal(refused: SignInRefused) -> None:
    # A browser without a session is no refusal of a person.
    if refused.reason != "ended":
        logger.warning("signin.refused", reason=refused.reason)
        count("SignInRefused")


def _record_failure(failure: ProviderFailed) -> None:
    logger.error("signin.provider_failed", reason=failure.reason, kind=type(failure).__name__)
    count("SignInProviderFailed")


def _build_page(page: SignInPage, start_url: str) -> Response:
    headers = {"Cache-Control": "no-store", **session_pages.HEADERS}
    return {"statusCode": page.status, "headers": headers, "body": session_pages.render(page, start_url)}


def _refuse(refused: ApiError, cookies: Sequence[str] = ()) -> Response:
    answer = build_error_response(refused)
    # A challenge would make the browser ask the person for a password.
    headers = {name: value for name, value in answer.headers.items() if name != "WWW-Authenticate"}
    return _respond(answer.status, answer.body, cookies, headers)


def _respond(
    status: int, body: object, cookies: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> Response:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        **({"multiValueHeaders": {"Set-Cookie": list(cookies)}} if cookies else {}),
        "body": "" if body is None else json.dumps(body, ensure_ascii=False),
    }


def _redirect(status: int, url: str, cookies: Sequence[str]) -> Response:
    return {
        "statusCode": status,
        "headers": {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        "multiValueHeaders": {"Set-Cookie": list(cookies)},
        "body": "",
    }


def _set_cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Max-Age={seconds}; {_COOKIE_FLAGS}"


def _clear_cookie(name: str) -> str:
    return _set_cookie(name, "", 0)


# What the OpenAPI document says of the routes that answer JSON; the others are redirects.
OPERATIONS: Mapping[str, tuple[str, Callable[..., Response], Operation]] = {
    "/session": ("GET", SessionEndpoint.describe, Operation(answers={200: SessionBody}, refusals=(20003, 20403))),
    "/session/token": (
        "POST",
        SessionEndpoint.give_token,
        Operation(answers={200: AccessTokenBody}, refusals=(20003, 20403, 20409, 20503)),
    ),
    "/session/end": ("POST", SessionEndpoint.end, Operation(answers={204: None}, refusals=(20403,))),
}
