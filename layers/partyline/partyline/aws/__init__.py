"""Requests to AWS services of the JSON protocol without the SDK: signatures, credentials, and one client for all."""
