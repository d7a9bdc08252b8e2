"""What a host's kernel has room for."""

from collections.abc import Iterable

from pyinfra.api import FactBase


class ProcessNumbers(FactBase[int]):
    """How many processes and threads the host can have, as kubelet counts its capacity."""

    def command(self) -> str:
        """Prints the two bounds."""
        return "cat /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max"

    def process(self, output: Iterable[str]) -> int:
        """The lower one."""
        return min(int(line) for line in output)
