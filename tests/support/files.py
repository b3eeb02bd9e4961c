"""A bucket in memory, whose stored files a test can read."""

from __future__ import annotations

from partyline.media.bucket import Bucket, StoredObject, content_disposition


class Files(Bucket):
    """Content, type and name by key."""

    def __init__(self) -> None:
        super().__init__(lambda: None, "memory")
        self.stored: dict[str, tuple[bytes, str, str | None]] = {}

    def put(self, key: str, content: bytes, content_type: str, filename: str | None = None) -> None:
        self.stored[key] = (content, content_type, filename)

    def describe(self, key: str) -> StoredObject | None:
        found = self.stored.get(key)
        return (
            StoredObject(found[1], content_disposition(found[1], found[2] or "file"), len(found[0])) if found else None
        )

    def read(self, key: str) -> bytes:
        return self.stored[key][0]

    def presign(self, key: str, stored: StoredObject, seconds: int) -> str:
        return f"https://bucket.example/{key}?for={seconds}"

    def remove(self, sid: str) -> int:
        mine = [key for key in self.stored if key.startswith(f"{sid}/")]
        for key in mine:
            del self.stored[key]
        return len(mine)
