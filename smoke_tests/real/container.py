"""Does a container get a REAL GPU by CDI from containerd as Cairn configures it? Run as root on a machine with one.

Kubelet is not there: its part, the CRI request that names the device, is made with crictl. `containerd`, `ctr`,
`crictl`, `runc` and `nvidia-ctk` are taken from PATH. It prints a line of JSON, and ends with 1 if that is not as it
should be.

python3 container.py --image python.tar --image pause.tar --config containerd.toml
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
IMAGE = "docker.io/library/python:3.11-slim-bookworm"
PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "crictl", "runc", "nvidia-ctk")
SECONDS = 120


def run(*words: str | Path) -> str:
    """What a command prints; what it says when it fails ends the check."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


@contextmanager
def containerd(config: Path, directory: Path) -> Iterator[str]:
    """The runtime with this configuration and directories of its own; its socket's address."""
    socket = directory / "containerd.sock"
    places = ["--root", str(directory / "root"), "--state", str(directory / "state"), "--address", str(socket)]
    with (directory / "containerd.log").open("w") as log:
        process = subprocess.Popen(["containerd", "--config", str(config), *places], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + SECONDS
            while subprocess.run(["ctr", "--address", socket, "version"], capture_output=True, check=False).returncode:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("containerd does not answer:\n" + (directory / "containerd.log").read_text())
                time.sleep(0.2)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait()


def output(endpoint: str, directory: Path, name: str, devices: list[str]) -> tuple[int, str]:
    """How a container that is given these CDI devices ends, and what it prints."""
    crictl = ("crictl", "--runtime-endpoint", endpoint, "--image-endpoint", endpoint, "--timeout", f"{SECONDS}s")
    sandbox: dict[str, Any] = {
        "metadata": {"name": name, "namespace": "default", "uid": name, "attempt": 1},
        "log_directory": str(directory),
        # The host's network: this is about devices.
        "linux": {"security_context": {"namespace_options": {"network": 2}}},
    }
    container: dict[str, Any] = {
        "metadata": {"name": name},
        "image": {"image": IMAGE},
        "command": ["python3", "/work/add_on_gpu.py"],
        "mounts": [{"container_path": "/work", "host_path": str(HERE), "readonly": True}],
        "CDI_devices": [{"name": device} for device in devices],
        "log_path": f"{name}.log",
        "linux": {},
    }
    for kind, content in (("sandbox", sandbox), ("container", container)):
        (directory / f"{name}-{kind}.json").write_text(json.dumps(content))
    pod = run(*crictl, "runp", directory / f"{name}-sandbox.json")
    made = run(*crictl, "create", pod, directory / f"{name}-container.json", directory / f"{name}-sandbox.json")
    run(*crictl, "start", made)
    deadline = time.monotonic() + SECONDS
    while (status := json.loads(run(*crictl, "inspect", made))["status"])["state"] != "CONTAINER_EXITED":
        if time.monotonic() > deadline:
            raise SystemExit(f"{name} does not end")
        time.sleep(0.2)
    # Each line of the log has a time, a stream and a mark before it.
    lines = (directory / f"{name}.log").read_text().splitlines()
    run(*crictl, "stopp", pod)
    run(*crictl, "rmp", pod)
    return int(status["exitCode"]), "\n".join(line.split(" ", 3)[3] for line in lines)


def main() -> None:
    """One container with the GPU, whose sums must be right, and one without, which must find none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, action="append", required=True, help="an archive with an image")
    parser.add_argument("--config", type=Path, required=True, help="hosts/templates/containerd.toml.j2, rendered")
    options = parser.parse_args()
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise SystemExit(f"not on PATH: {', '.join(missing)}")
    with TemporaryDirectory(prefix="cairn-real-") as place:
        directory = Path(place)
        Path("/var/run/cdi").mkdir(parents=True, exist_ok=True)
        run("nvidia-ctk", "cdi", "generate", "--output", "/var/run/cdi/nvidia.yaml")
        with containerd(options.config, directory) as endpoint:
            for image in options.image:
                run("ctr", "--address", endpoint.removeprefix("unix://"), "-n", "k8s.io", "images", "import", image)
            with_device = output(endpoint, directory, "with", ["nvidia.com/gpu=all"])
            without = output(endpoint, directory, "without", [])
    facts: dict[str, Any] = {
        "kernel": platform.release(),
        "containerd": run("containerd", "--version").split()[2],
        "runc": run("runc", "--version").splitlines()[0].split()[-1],
        "nvidia_ctk": run("nvidia-ctk", "--version").splitlines()[0].split()[-1],
        "with": with_device,
        "without": without,
    }
    print(json.dumps(facts))
    status, said = with_device
    held = status == 0 and json.loads(said)["right"] and without[0] == 1 and "no driver here" in without[1]
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
