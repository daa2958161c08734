"""The one exception of the sandbox's commands."""


class SandboxError(Exception):
    """What cannot be done, in a sentence for the user."""
