"""`python -m instagram_sandbox.bigquery start …` runs bqemulator's command line, extended."""

from instagram_sandbox.bigquery.emulator import main

if __name__ == "__main__":
    main()
