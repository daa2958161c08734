"""The one exception of this package."""


class CredentialsError(Exception):
    """What cannot be done, in a sentence that is fit for a user and holds no secret."""
