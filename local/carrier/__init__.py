"""The simulated carriers: their send APIs, the network between the phones, and their signed webhooks.

network, special      who gets a text, and what becomes of it
bandwidth, telnyx,
twilio                one carrier's wire each, behind the same protocol (port)
exchange              a text or a send request in, webhooks out; no I/O
settings              how unruly the carriers are right now
postman               delivers webhooks: in order or not, repeated until answered 2xx
simulation            all of it together, for the HTTP handlers in api and control
"""
