"""What happens to a conversation as time goes by: activation, expiry, clean-up."""
