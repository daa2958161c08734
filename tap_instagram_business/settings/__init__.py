"""The settings of runs and commands: `schema` describes them, `reading` reads, `checks` checks."""
