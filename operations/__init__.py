"""What operators run against a deployed stack, with their own AWS credentials: `python -m operations.<name>`.

It is no part of the stack, and nothing of `local`: that is for an emulator on this machine.
"""
