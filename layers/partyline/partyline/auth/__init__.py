"""Authentication of callers, and the Service and user that a request acts for."""
