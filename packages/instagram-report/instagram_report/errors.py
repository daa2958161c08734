"""The error that the commands tell in one sentence."""


class ReportError(Exception):
    """The report cannot be made, and the message says why."""
