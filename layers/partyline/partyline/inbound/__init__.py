"""From the carriers to us: webhooks are authenticated, understood and recorded."""
