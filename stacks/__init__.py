"""The Pulumi program and the ways of getting a cluster."""
