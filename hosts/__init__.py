"""Making Kubernetes nodes of hosts: local system containers, and anything reached over SSH."""
