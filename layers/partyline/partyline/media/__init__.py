"""Store the files of messages: ingest, upload and scale them, and link to them for carriers."""
