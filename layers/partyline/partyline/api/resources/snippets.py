"""Snippets: texts that staff use again and again. Create, fetch, list, update, delete. Twilio has no such resource.

Some are for everyone of the Service's staff: the people with `writeAsLine`. Others have an owner, who alone uses them.
Who may change what all use is who keeps the contacts that all use: the permission `manageContacts`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import authorization, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Owner
from partyline.api.form_model import Form, invalid
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import sids, snippets
from partyline.domain.permissions import Permission
from partyline.domain.snippets import MAX_BODY, MAX_NAME, Snippet
from partyline.frozen_classes import replace
from partyline.storage import retry
from partyline.storage import snippets as store
from partyline.storage.queries import Window

route = Router()


def _check_name(value: str) -> str:
    if not snippets.is_name(value):
        raise invalid(f"use 1 to {MAX_NAME} letters, digits, underscores, dots and hyphens")
    return value


def _check_body(value: str) -> str:
    if not value.strip():
        raise invalid("it is empty")
    return value


_Name = Annotated[str, AfterValidator(_check_name)]
_Body = Annotated[str, Field(max_length=MAX_BODY), AfterValidator(_check_body)]


class SnippetForm(Form):
    """What can be changed of a snippet."""

    name: _Name | None = Field(None, description="What one types to find it. Case does not matter.")
    body: _Body | None = Field(None, description="The text.")


class NewSnippetForm(SnippetForm):
    """A new snippet."""

    name: _Name = Field(description="What one types to find it. Case does not matter.")
    body: _Body = Field(description="The text.")
    owner: Owner = Field(None, description="The identity that alone uses it. Without one it is for everyone.")


class SnippetQuery(Form):
    """Which snippets a list shows."""

    owner: Owner = Field(None, description="Those of this identity alone.")
    q: Annotated[str, Field(max_length=MAX_NAME)] = Field("", description="What the names begin with.")


class SnippetBody(ResponseModel):
    """A text that staff use again and again."""

    sid: str
    account_sid: str
    chat_service_sid: str
    name: str
    body: str
    owner: str | None = Field(description="The identity that alone uses it. Null: everyone.")
    date_created: Timestamp
    date_updated: Timestamp
    url: str


@route.post(
    "Snippets",
    users=True,
    docs=Operation(form=NewSnippetForm, answers={201: SnippetBody}, refusals=(20001, 20409, 50107)),
)
def create(call: Call) -> ApiResponse:
    """Create a snippet. A name that another one of the same owner has is refused, and names that one."""
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    form = NewSnippetForm.parse(call.request.form)
    _require_writable(call, form.owner)
    snippet = Snippet(
        sid=sids.new(sids.SNIPPET),
        service_sid=call.scope.service_sid,
        name=form.name,
        body=form.body,
        created=call.now,
        updated=call.now,
        owner=form.owner,
    )
    retry.STANDARD.run(lambda: store.save(call.table, None, snippet))
    return ApiResponse(201, _build_body(call, snippet))


@route.get("Snippets/{snippet}", users=True, docs=Operation(answers={200: SnippetBody}, refusals=(50107,)))
def fetch(call: Call) -> ApiResponse:
    """Fetch a snippet."""
    return ApiResponse(200, _build_body(call, _find_snippet(call)))


@route.get(
    "Snippets",
    users=True,
    docs=Operation(query=SnippetQuery, list_of=("snippets", SnippetBody), refusals=(20001, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """List the snippets for everyone by name, then the caller's own. The account names another Owner."""
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    query = SnippetQuery.parse(call.request.query)
    own = call.user.identity if call.user else query.owner

    def read(window: Window) -> PagePart:
        if query.owner not in (None, own):
            return PagePart([])
        page = store.page(
            call.table, call.scope.service_sid, window, begins=query.q, everyones=query.owner is None, owner=own
        )
        return pagination.to_page_part(page, lambda snippet: _build_body(call, snippet))

    return pagination.build_list_response(call, "snippets", read)


@route.post(
    "Snippets/{snippet}",
    users=True,
    docs=Operation(form=SnippetForm, answers={200: SnippetBody}, refusals=(20001, 20409, 50107)),
)
def update(call: Call) -> ApiResponse:
    """Change what the form names of a snippet. Its owner stays."""
    form = SnippetForm.parse(call.request.form)

    def attempt() -> Snippet:
        before = _find_snippet(call)
        _require_writable(call, before.owner)
        after = replace(before, updated=call.now, **form.changes())
        store.save(call.table, before, after)
        return after

    return ApiResponse(200, _build_body(call, retry.STANDARD.run(attempt)))


@route.delete("Snippets/{snippet}", users=True, docs=Operation(answers={204: None}, refusals=(50107,)))
def delete(call: Call) -> ApiResponse:
    """Delete a snippet."""

    def attempt() -> None:
        snippet = _find_snippet(call)
        _require_writable(call, snippet.owner)
        store.remove(call.table, snippet)

    retry.STANDARD.run(attempt)
    return ApiResponse(204)


def _find_snippet(call: Call) -> Snippet:
    """Find the snippet that the path names. Raises ApiError 20404, also for one of another owner, and 50107."""
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    sid = call.ids["snippet"]
    found = store.fetch(call.table, call.scope.service_sid, sid) if sids.matches(sids.SNIPPET, sid) else None
    if found is None or (call.user and found.owner not in (None, call.user.identity)):
        raise lookups.not_found(call)
    return found


def _require_writable(call: Call, owner: str | None) -> None:
    """Refuse a user that writes what everyone uses without `manageContacts`, or for another one. Raises 50107."""
    if owner is None:
        authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    elif call.user and owner != call.user.identity:
        raise refusals.account_only()


def _build_body(call: Call, snippet: Snippet) -> dict[str, Any]:
    return SnippetBody(
        sid=snippet.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=snippet.service_sid,
        name=snippet.name,
        body=snippet.body,
        owner=snippet.owner,
        date_created=snippet.created,
        date_updated=snippet.updated,
        url=call.url("Snippets", snippet.sid),
    ).to_json()
