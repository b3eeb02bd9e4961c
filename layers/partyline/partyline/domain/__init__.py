"""Domain types as plain data, and pure rules: no AWS, no HTTP, no carrier."""
