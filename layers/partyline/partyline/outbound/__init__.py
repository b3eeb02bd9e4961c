"""From us to the carriers: recorded messages are handed over, and followed."""
