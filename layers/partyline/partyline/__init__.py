"""Group texting over any carrier, in the terms of Twilio's Conversations API."""

__version__ = "0.2.0"
