"""Telling customers what happened: their webhooks, signed and called as Twilio does it."""
