"""A report on Instagram accounts as one HTML file, from the views of the dbt package."""
