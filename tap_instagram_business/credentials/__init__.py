"""Tokens: how consent is asked for, how they are kept, renewed, taken back and erased.

- `oauth`, `redirect`, `connecting`: from a person's consent to records
- `encryption`, `keys`, `secret_settings`: secrets at rest, and the key to them
- `vault`, `storage`, `locking`: one record per account, whole whenever the power goes
- `keeper`, `inspection`: a run's tokens, renewed and warned of in good time
- `erasure`, `meltano_state`, `warehouse`: everything that is kept of an account, erased
- `signed_request`: Meta's own calls
- `redaction`: no secret in any log line
- `commands`: what one can type
"""
