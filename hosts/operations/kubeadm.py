"""kubeadm as operations that do nothing where their work is done."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from hosts.facts.kubeadm import KubeadmState
from hosts.markers import DONE

# SystemVerification wants a kernel configuration and cgroup v2; Mem and NumCPU want a bigger host than a laptop's node.
IGNORED = "SystemVerification,Swap,Mem,NumCPU"


def _unless_done(command: str) -> Generator[str, None, None]:
    state = host.get_fact(KubeadmState)
    if state == "done":
        host.noop(f"kubeadm has done its work: {DONE} is there")
        return
    if state == "half":
        # The run that was interrupted here may still go on by itself.
        yield "pkill -x kubeadm; while pgrep -x kubeadm; do sleep 0.2; done; true"
        yield "kubeadm reset --force"
        yield "systemctl restart containerd"
    yield command
    yield f"touch {DONE}"


@operation()
def init(config: str) -> Generator[str, None, None]:
    """Makes the host a control plane by the configuration file at `config` on it."""
    yield from _unless_done(f"kubeadm init --config {config} --ignore-preflight-errors={IGNORED}")


@operation()
def join(config: str) -> Generator[str, None, None]:
    """Joins the host to a cluster by the configuration file at `config` on it."""
    yield from _unless_done(f"kubeadm join --config {config} --ignore-preflight-errors={IGNORED}")
