"""The Graph API; nothing in here knows of Singer.

- `session`: sends calls in parallel, retries them, and returns answers in order
- `calls`: what is asked and what came back; `insights_call`: a call for insights, and how it finds
  out which metrics Meta refuses; `insight_calls`: how the tables and `doctor` ask for insights
- `batches`: puts calls into as few requests as possible; `transport`: sends one request
- `error_table`: what Meta's error codes mean and what follows from each; `errors`: how the Graph
  API fails; `error_texts`: the metric or field that an error names; `reasons`: why an insight is
  missing
- `retries`: how often to ask again; `run_lock`: which thread of a run works
- `unsupported_metrics`: the metrics that Meta has refused in this run; `probing`: how these are
  found out
- `limits`: Meta's rate limits; `usage`: the headers that report them; `costs`: calls counted
- `paging`: lists that come in pages; `insights`: how figures are read
- `accounts`, `discovery`: which accounts a token gives access to; `debug_token`: what a token is
- `access`: which API is asked, and how a request shows whose it is
- `versions`: until when Meta serves which version
"""
