"""`python -m instagram_report`."""

from instagram_report.commands import report

if __name__ == "__main__":
    report()
