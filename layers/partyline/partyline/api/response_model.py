"""Answers as pydantic models: each field of a resource's JSON, with its type and what it means."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from partyline.api.serializers import format_timestamp

Timestamp = Annotated[
    datetime,
    PlainSerializer(format_timestamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00Z"]}),
]


class ResponseModel(BaseModel):
    """The JSON of a resource. Every field is there, null when it has no value."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def to_json(self) -> dict[str, Any]:
        """Return the members as JSON has them."""
        return self.model_dump(mode="json", by_alias=True)
