"""Twilio's Conversations v1 and our own resources (docs/our-resources.md) on the wire: forms in, JSON out."""
