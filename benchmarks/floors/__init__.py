"""What the functions are compared with, each a handler of its own."""
