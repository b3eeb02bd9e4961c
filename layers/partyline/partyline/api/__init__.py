"""Twilio's Conversations v1 on the wire: forms in, JSON out."""
