"""Sample conversations for `make run`: what a small company's inbox looks like after a week."""
