"""What Partyline is about, as plain data and pure rules: no AWS, no HTTP, no carrier."""
