"""The Graph API; nothing in here knows of Singer.

- `client`: sends calls in parallel, retries them, and returns answers in order
- `calls`: what is asked and what came back; `insights_request`: the calls for insights
- `batches`: puts calls into as few requests as possible; `transport`: sends one request
- `error_table`: what Meta's error codes mean and what follows from each; `errors`: how the Graph
  API fails
- `retries`: how often to ask again; `run_lock`: which thread of a run works
- `unsupported_metrics`: the metrics that Meta has refused in this run; `probing`: how these are
  found out
- `rate_limits`: Meta's rate limits, the headers that report them, and the calls of a run
- `paging`: lists that come in pages; `insights`: how figures are read
- `accounts`, `discovery`: which accounts a token gives access to; `debug_token`: what a token is
- `api`: which host and version receive the requests, and how these are signed
"""
