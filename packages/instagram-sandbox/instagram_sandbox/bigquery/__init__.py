"""A local BigQuery: bqemulator with additions for what target-bigquery sends."""
