"""Carriers: each translates its own protocol into the events and texts of carriers.base."""
