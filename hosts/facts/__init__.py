"""What pyinfra reads of a host."""
