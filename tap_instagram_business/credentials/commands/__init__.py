"""What one can type about credentials; secrets come from standard input, never from arguments."""
