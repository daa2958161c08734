"""Many accounts in many runs: their states, and the commands around them."""
