"""`python -m tap_instagram_business.sandbox.bigquery start …`: bqemulator's own command line."""

from tap_instagram_business.sandbox.bigquery.emulator import main

if __name__ == "__main__":
    main()
