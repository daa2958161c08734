"""The exception that the commands of the sandbox raise."""


class SandboxError(Exception):
    """A command cannot be carried out. Its text is a sentence for the user."""
