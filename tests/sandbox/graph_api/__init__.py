"""Tests of the local Graph API, over real sockets."""
