"""Why a command cannot go on, said to whoever typed it."""


class Refused(Exception):
    """A sentence for the operator: what is in the way and what to do. Ends the command with exit code 1."""


class Stopped(BaseException):
    """A signal arrived before the server took the signals over: unwind, clean up, leave."""
