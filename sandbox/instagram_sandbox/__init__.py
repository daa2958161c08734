"""A local Graph API and a local BigQuery: everything runs with no Meta or Google account."""
