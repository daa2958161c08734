"""Runs the tap as `python -m tap_instagram_business`."""

from tap_instagram_business.cli import main

if __name__ == "__main__":
    main()
