"""What pyinfra brings a host to, one subject a file."""
