"""The exception of this package."""


class CredentialsError(Exception):
    """A task of this package failed; the message tells the user what to do and holds no secret."""
