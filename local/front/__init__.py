"""The front server: it forwards to the deployed API, and serves the phones page and the simulation's control API."""
