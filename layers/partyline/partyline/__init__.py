"""Partyline: group texting over any carrier, in Twilio's Conversations terms."""
