"""Webhooks of the account: pre-action requests before an event, deliveries after it, signed as Twilio signs them."""
