"""Tells what a token is and can do, and whether a sync would work.

`command` is the command line, `examination` asks Meta about the token and its accounts, `probes`
tries the insights, `diagnosis` is the result as data, and `screen` writes it as text.
"""
