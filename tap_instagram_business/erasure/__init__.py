"""The erasure of everything that is stored about an account.

- `erase`: what is stored about an account, and its deletion
- `bigquery`: its rows
- `meltano_bridge`: the states and runs of a Meltano project
- `signed_request`: Meta's requests to delete data or to end access
"""
