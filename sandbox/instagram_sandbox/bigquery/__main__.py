"""`python -m instagram_sandbox.bigquery start …`: bqemulator's own command line."""

from instagram_sandbox.bigquery.emulator import main

if __name__ == "__main__":
    main()
