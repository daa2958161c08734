"""`python -m instagram_sandbox`: the sandbox's commands by themselves."""

from instagram_sandbox.commands import sandbox

if __name__ == "__main__":
    sandbox(prog_name="instagram-sandbox")
