"""The simulated carriers: their send APIs, the network between the phones, and their signed webhooks.

network               which numbers receive a text
special_numbers       numbers at which a text has another outcome
bandwidth, telnyx,
twilio, vonage        the API and the webhooks of one carrier each, behind one protocol (base)
hosted_files          the files of texts, as each carrier hosts them
text_router           takes a text or a send request, returns the webhooks; no I/O
settings              faults of the carriers and of the network, changed over HTTP
webhook_sender        delivers webhooks: in order or not, repeated until answered 2xx
wire_values           values of HTTP requests that the carriers share
simulation            all of it together, for the HTTP handlers in api and control
"""
