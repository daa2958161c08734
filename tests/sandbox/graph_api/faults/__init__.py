"""The oddities of the real API, one at a time."""
