"""What a machine must have before a profile can be brought up on it, one subject per file."""
