"""A simulated Instagram Graph API and a local BigQuery, without a Meta or Google account."""
