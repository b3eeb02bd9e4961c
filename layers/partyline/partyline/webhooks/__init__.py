"""Call the webhooks of customers' servers: before an event (pre-action) and after it. Carriers' are in `inbound`."""
