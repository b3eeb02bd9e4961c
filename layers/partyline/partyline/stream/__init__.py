"""The table's stream: its consumer, and the relay of each change to the queues."""
