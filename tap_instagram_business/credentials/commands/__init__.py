"""The commands about credentials; they read secrets from standard input, never from arguments."""
