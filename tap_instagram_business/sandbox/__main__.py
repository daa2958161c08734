"""`python -m tap_instagram_business.sandbox`: the sandbox's commands by themselves."""

from tap_instagram_business.sandbox.commands import sandbox

if __name__ == "__main__":
    sandbox(prog_name="sandbox")
