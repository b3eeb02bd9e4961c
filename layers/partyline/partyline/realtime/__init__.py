"""Push live events to WebSocket connections, in Partyline's own protocol (docs/live.md)."""
