"""What kubeadm has done to a host."""

from collections.abc import Iterable

from pyinfra.api import FactBase

from hosts.markers import DONE


class KubeadmState(FactBase[str]):
    """`done`, `half` (interrupted: to be reset before it is done again), or `none`."""

    def command(self) -> str:
        """Prints the state."""
        return (
            f"if [ -e {DONE} ]; then echo done; "
            "elif [ -e /etc/kubernetes/pki ] || [ -e /etc/kubernetes/kubelet.conf ]; then echo half; "
            "else echo none; fi"
        )

    def process(self, output: Iterable[str]) -> str:
        """The one word that was printed."""
        return "".join(output).strip()
