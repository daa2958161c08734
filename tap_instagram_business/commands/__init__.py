"""The commands of the command line, beside those of Singer.

They read secrets from standard input, never from arguments.
"""
