"""Programs that see other names of hosts than the machine has, in a mount namespace of their own."""

from pathlib import Path

_MOUNTED = 'mount --bind "$0" /etc/hosts && exec "$@"'


def seeing(hosts: Path) -> list[str]:
    """What stands before a command that is to see the file `hosts` as /etc/hosts."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNTED, str(hosts)]
