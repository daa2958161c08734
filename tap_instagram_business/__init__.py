"""Singer tap for Instagram professional accounts."""
