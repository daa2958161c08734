"""Access tokens: consent, encryption, storage, renewal and revocation.

- `oauth`, `consent`: from a person's consent to connected accounts
- `encryption`: encrypted secrets and the keys that decrypt them
- `vault`, `storage`: one record per account, in a file that is never half written
- `vault_tokens`: the tokens that a run uses, renewed or warned about before they expire
- `tombstones`: the accounts that were erased, which no run may bring back
- `errors`: the exception of tokens, erasure and commands
"""
