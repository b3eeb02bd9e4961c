"""Send texts: hand recorded messages to carriers, and follow what becomes of them."""
