"""The front server: it forwards to the deployed API, and serves the page of phones and the simulation's control API."""
