"""Notifications in browsers: what is sent to push services, encrypted and signed (RFC 8030, 8291, 8292)."""
