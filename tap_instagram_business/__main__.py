"""`python -m tap_instagram_business` does what the command `tap-instagram-business` does."""

from tap_instagram_business.cli import main

if __name__ == "__main__":
    main()
