"""The components of the platform: one file each, the contract they keep, and the one installer."""
