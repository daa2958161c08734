"""`python -m instagram_sandbox` runs the same commands as `instagram-sandbox`."""

from instagram_sandbox.commands import sandbox

if __name__ == "__main__":
    sandbox(prog_name="instagram-sandbox")
