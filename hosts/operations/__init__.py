"""What pyinfra does to a host."""
