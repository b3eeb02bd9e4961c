"""Webhooks of the account: consulted before events, called after them."""
