"""The front door: the deployed API and its webhooks passed through, the phones page, and the simulation's control."""
