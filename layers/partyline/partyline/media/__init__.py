"""Pictures and files of messages: fetched from carriers, uploaded, kept, scaled to fit, and linked to for carriers."""
