"""The search in the texts of all conversations that the caller sees, in Services with TextSearch.

It is for the account and for staff, as the inbox. Twilio has no such resource.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Name
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.api.text_hits import SeenHit, TextSearch
from partyline.domain import text_index
from partyline.domain.permissions import Permission
from partyline.domain.text_index import TextQuery
from partyline.storage.queries import Window

route = Router()


class TextHitBody(ResponseModel):
    """A message that was found."""

    conversation_sid: str
    title: str | None = Field(
        description="The friendly name of the conversation, or else who is in it; null without either, where the "
        "Service has no inbox."
    )
    message_sid: str
    index: int
    author: str
    written_by: str | None = Field(description="The person who wrote as a line.")
    body: str = Field(description=f"At most {text_index.MAX_EXCERPT} characters around the first word that was found.")
    date_created: Timestamp
    url: str = Field(description="The message.")


class TextSearchQuery(Form):
    """What is looked for."""

    q: Name = Field(
        "",
        alias="Q",
        description=f"Whole words in any order, one of them with {text_index.MIN_WORD} to {text_index.MAX_WORD} "
        "characters: texts that have all of them.",
    )


@route.get(
    "Search",
    users=True,
    docs=Operation(query=TextSearchQuery, list_of=("hits", TextHitBody), refusals=(20001, 20409, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """Search the texts of all conversations that the caller sees, the newest first.

    The Service needs `TextSearch=on` in its Configuration. A page may be shorter than was asked for, or empty, with
    more behind it.
    """
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    query = text_index.parse_text_query(TextSearchQuery.parse(call.request.query).q)
    if query is None:
        problem = f"it has no word of {text_index.MIN_WORD} to {text_index.MAX_WORD} characters"
        raise refusals.invalid_parameter("Q", problem)
    if not call.scope.service.text_search:
        raise refusals.text_search_off(call.scope.service_sid)
    search = TextSearch(call, query)

    def read(window: Window) -> PagePart:
        return search.read(window, lambda hit: _build_body(call, query, hit))

    return pagination.build_list_response(call, "hits", read)


def _build_body(call: Call, query: TextQuery, hit: SeenHit) -> Mapping[str, object]:
    message = hit.message
    return TextHitBody(
        conversation_sid=message.conversation_sid,
        title=hit.title,
        message_sid=message.sid,
        index=message.index,
        author=message.author,
        written_by=message.written_by,
        body=query.cut_excerpt(message.body or ""),
        date_created=message.created,
        url=call.url("Conversations", message.conversation_sid, "Messages", message.sid),
    ).to_json()
