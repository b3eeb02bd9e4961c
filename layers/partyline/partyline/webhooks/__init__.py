"""Calling customers' webhooks, signed as Twilio does it: asking before something happens, delivering what has."""
