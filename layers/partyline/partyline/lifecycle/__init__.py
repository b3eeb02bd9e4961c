"""Activate, expire and clean up conversations, and what belongs to them."""
