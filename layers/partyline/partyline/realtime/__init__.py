"""Live events over a WebSocket, in a protocol of our own (docs/live.md)."""
