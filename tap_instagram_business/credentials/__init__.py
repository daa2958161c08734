"""Access tokens and other secrets: consent, encryption, storage, renewal, revocation, erasure.

- `oauth`, `consent`: from a person's consent to connected accounts
- `encryption`: encrypted secrets and the keys that decrypt them
- `vault`, `storage`: one record per account, in a file that is never half written
- `vault_tokens`: the tokens that a run uses, renewed or warned about before they expire
- `tombstones`, `erasure`, `bigquery`: the erasure of everything that is stored about an account
- `meltano_bridge`: the states and runs of a Meltano project
- `signed_request`: Meta's requests to delete data or to end access
- `errors`: the exception of this package
- `commands`: the commands that a user types
"""
