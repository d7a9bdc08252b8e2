"""What the kernel must offer to system containers that are Kubernetes nodes; tried for real, leaving nothing."""

import gzip
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from cairn.preflight.check import Check, failed, passed, warned
from catalog.directories import state_root

CAPABILITIES = {  # number in include/uapi/linux/capability.h
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_SETUID": 7,
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_MKNOD": 27,
}
NETFILTER = {  # what kube-proxy's and portmap's rules use: the kernel's option, and the module that it may be
    "CONFIG_NF_TABLES": "nf_tables",
    "CONFIG_NFT_COMPAT": "nft_compat",
    "CONFIG_NFT_NAT": "nft_chain_nat",
    "CONFIG_NF_CONNTRACK": "nf_conntrack",
    "CONFIG_NETFILTER_XT_TARGET_MASQUERADE": "xt_MASQUERADE",
    "CONFIG_NETFILTER_XT_MATCH_COMMENT": "xt_comment",
    "CONFIG_NETFILTER_XT_MATCH_CONNTRACK": "xt_conntrack",
    "CONFIG_NETFILTER_XT_MATCH_ADDRTYPE": "xt_addrtype",
    "CONFIG_NETFILTER_XT_MATCH_STATISTIC": "xt_statistic",
    "CONFIG_NETFILTER_XT_MARK": "xt_mark",
}
RULE = (
    "iptables -t nat -A POSTROUTING -m comment --comment probe -m conntrack --ctstate NEW -m addrtype --dst-type LOCAL "
    "-m mark --mark 0x4000/0x4000 -m statistic --mode random --probability 0.5 -j MASQUERADE"
)
LINKS = "ip link add br0 type bridge && ip link add v0 type veth peer name v1 && ip link set v0 master br0"
A_KERNEL = "use a kernel with it, as Debian's: apt-get install linux-image-amd64, then reboot; or a Linux VM"
A_PRIVILEGE = "run as root, outside a container or in a privileged one"


def capabilities(effective: int) -> Check:
    """The process's effective capabilities, a bit mask from /proc/self/status."""
    missing = [name for name, bit in CAPABILITIES.items() if not effective >> bit & 1]
    if missing:
        return failed("capabilities", f"missing {', '.join(missing)}", A_PRIVILEGE)
    return passed("capabilities", "all that nodes need")


def cgroups(root: Path) -> Check:
    """Version 2 alone with its controllers, or version 1 with its hierarchies (a hybrid counts as version 1)."""
    wanted = {"cpu", "memory", "pids", "cpuset"}
    unified = root / "cgroup.controllers"
    version, have = (
        ("v2", set(unified.read_text().split()))
        if unified.exists()
        else ("v1", {path.name for path in root.iterdir() if path.is_dir()} if root.is_dir() else set())
    )
    if missing := wanted - have:
        return failed("cgroups", f"{version} without {', '.join(sorted(missing))}", f"mount them below {root}")
    return passed("cgroups", version)


def netfilter(available: Callable[[str, str], bool], rule_works: bool | None) -> Check:
    """The rules of kube-proxy: tried in a namespace of its own when iptables is there, else read from the kernel.

    `rule_works` is None when nothing could be tried; `available` then tells whether an option or module is there.
    """
    if rule_works:
        return passed("netfilter", "conntrack, masquerade and kube-proxy's matches work")
    missing = [module for option, module in NETFILTER.items() if not available(option, module)]
    if rule_works is None and not missing:
        return passed("netfilter", "conntrack, masquerade and kube-proxy's matches are in the kernel")
    return failed("netfilter", f"missing {', '.join(missing)}" if missing else "iptables can't add a rule", A_KERNEL)


def tried(name: str, error: str | None, fix: str) -> Check:
    """A feature that was tried: None is success."""
    return passed(name, "works") if error is None else failed(name, error, fix)


def look() -> list[Check]:
    """Look at this machine's kernel. Namespaces made on the way vanish with their process."""
    checks = [capabilities(_effective()), cgroups(Path("/sys/fs/cgroup"))]
    namespaces = _error(["unshare", "--pid", "--mount", "--ipc", "--uts", "--net", "--cgroup", "--fork", "true"])
    checks.append(tried("namespaces", namespaces, A_PRIVILEGE))
    if namespaces is not None:
        return checks
    checks.append(tried("overlayfs", _overlay_error(), A_KERNEL))
    if shutil.which("ip"):
        checks.append(tried("bridge and veth", _error(["unshare", "--net", "sh", "-c", LINKS]), A_KERNEL))
    else:
        checks.append(warned("bridge and veth", "not tried: ip isn't on PATH yet", "cairn catalog build"))
    rule = _error(["unshare", "--net", *RULE.split()]) is None if shutil.which("iptables") else None
    checks.append(netfilter(_kernel_has(), rule))
    return checks


def _error(command: list[str]) -> str | None:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if result.returncode == 0 else (result.stderr.strip() or f"{command[0]} ended with {result.returncode}")


def _effective() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)


def _overlay_error() -> str | None:
    """Try an overlay over the disk that will hold the nodes: not every filesystem can be its upper layer."""
    state_root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state_root(), prefix=".probe-") as directory:
        for name in ("lower", "upper", "work", "merged"):
            Path(directory, name).mkdir()
        mount = "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged"
        return _error(["unshare", "--mount", "sh", "-c", f"cd '{directory}' && {mount}"])


def _kernel_has() -> Callable[[str, str], bool]:
    """Look features up in the kernel's configuration, or else among the modules that can be loaded."""
    release = platform.release()
    options = _configuration(release)
    lists = [Path("/lib/modules", release, name) for name in ("modules.dep", "modules.builtin")]
    modules = {
        Path(line.split(":")[0]).name.split(".")[0] for file in lists if file.exists() for line in file.open()
    } | {path.name for path in Path("/sys/module").iterdir()}
    return lambda option, module: option in options or module in modules


def _configuration(release: str) -> set[str]:
    packed, plain = Path("/proc/config.gz"), Path("/boot", f"config-{release}")
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else ""
    if not text and plain.exists():
        text = plain.read_text()
    return {line.split("=")[0] for line in text.splitlines() if line.endswith(("=y", "=m"))}
