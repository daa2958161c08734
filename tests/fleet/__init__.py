"""The fleet on the engine that it is made for, all on this machine: `bin/test-fleet`."""
