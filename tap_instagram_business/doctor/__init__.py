"""Says what a token is and can do, and whether a sync would work.

`command` is what one types, `examination` asks Meta, `probes` tries the insights out, `diagnosis`
is what was seen, and `screen` writes it down.
"""
