"""The Graph API: nothing in here knows of Singer.

- `session`: asks, in parallel and in batches, and answers in order
- `calls`: what is asked, and what came back
- `errors`: what Meta's error codes mean and what follows from each, as a table
- `limits`: the usage headers, and when to wait
- `accounts`: which Instagram professional accounts a token reaches
- `fields`: which fields a node has, for which login
"""
