"""A local BigQuery: bqemulator with what it lacks to take in what target-bigquery sends."""
