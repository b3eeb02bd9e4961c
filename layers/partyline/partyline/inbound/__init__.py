"""Receive webhooks from carriers: authenticate and parse them, and record what they bring."""
