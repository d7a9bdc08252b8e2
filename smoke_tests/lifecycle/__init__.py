"""Environments from birth to death: each test here brings its own up, disturbs it, and takes it away."""
