"""Files that Cairn leaves on a host to know it again."""

DONE = "/etc/kubernetes/cairn-done"
"""Written after kubeadm's last step, so that an interrupted init or join is told from a finished one."""
