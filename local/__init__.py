"""What `make run` adds to the deployed system: carriers, phones and a front door, all on this machine."""
