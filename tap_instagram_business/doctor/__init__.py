"""Checks a token and its permissions, and predicts whether a sync will succeed."""
