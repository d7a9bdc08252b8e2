"""What a smoke run leaves behind: a JSON line per check, and for failures what the cluster said; no secrets."""

import base64
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog.build import binary

KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
WEB_TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+")
BEARER = re.compile(r"(?i)(bearer\s+)\S+")
CREDENTIAL = re.compile(
    r"(?i)(\b(?:token|auth_token|ray_auth_token|password|client-key-data)\"?\s*[:=]\s*\"?)[^\s\",]{8,}"
)

KINDS = (
    "workloads.kueue.x-k8s.io",
    "rayjobs.ray.io",
    "rayclusters.ray.io",
    "jobsets.jobset.x-k8s.io",
    "trainjobs.trainer.kubeflow.org",
)
"""Custom resources of teams that a failure describes."""
LEFT_OUT = "[secret]"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets and without anything that has a credential's form.

    Form counts as well as value: a test's own tokens and keys are made while it runs and nobody lists them.
    """
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, LEFT_OUT)
    text = KEY_BLOCK.sub(LEFT_OUT, text)
    text = WEB_TOKEN.sub(LEFT_OUT, text)
    text = BEARER.sub(rf"\g<1>{LEFT_OUT}", text)
    return CREDENTIAL.sub(rf"\g<1>{LEFT_OUT}", text)


@dataclass(frozen=True)
class Check:
    """One test's outcome: `passed`, `failed`, `error` (it could not be run), or `skipped`, which is no pass.

    `accelerators` says SIMULATED or REAL wherever devices take part, and is empty where none do.
    """

    test: str
    module: str
    outcome: str
    seconds: float
    environment: str
    versions: dict[str, str]
    accelerators: str
    reason: str


def record(directory: Path, check: Check) -> None:
    """Adds the check's line to checks.jsonl."""
    with (directory / "checks.jsonl").open("a") as lines:
        lines.write(json.dumps(asdict(check)) + "\n")


def canaries(secrets: Iterable[str]) -> list[str]:
    """Lines by which secrets are recognised wherever they lie, however they are quoted, in base64 too."""
    lines = [line.strip() for secret in secrets for line in secret.splitlines()]
    long = [line for line in lines if len(line) >= 24 and "-----" not in line]
    return [*long, *(base64.b64encode(line.encode()).decode().rstrip("=") for line in long)]


def leaks(places: Iterable[Path], secrets: Iterable[str]) -> list[str]:
    """The files at or below these places that hold a secret in plain text."""
    known = [canary.encode() for canary in canaries(secrets)]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    contents = ((file, file.read_bytes()) for file in files if file.is_file() and not file.is_symlink())
    return sorted(str(file) for file, content in contents if any(canary in content for canary in known))


def keep_failure(
    directory: Path, test: str, error: str, namespaces: list[str], kubeconfig: str, secrets: list[str]
) -> None:
    """Writes failures/<test>.log: the error, then each namespace's events, descriptions and pod logs, redacted."""
    parts = [error]
    for namespace in namespaces:
        parts.append(_ask(kubeconfig, namespace, "get", "events", "--sort-by=.lastTimestamp"))
        parts.append(_ask(kubeconfig, namespace, "describe", "pods,jobs,resourceclaims"))
        for kind in KINDS:
            parts.append(_ask(kubeconfig, namespace, "describe", kind))
        for pod in _ask(kubeconfig, namespace, "get", "pods", "--output=name", titled=False).split():
            parts.append(_ask(kubeconfig, namespace, "logs", "--all-containers", "--prefix", "--tail=200", pod))
    parts.append(_ask(kubeconfig, "kube-system", "get", "nodes,pods", "--all-namespaces", "--output=wide"))
    log = directory / "failures" / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', test)}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(redact("\n\n".join(parts), secrets))


def _ask(kubeconfig: str, namespace: str, *words: str, titled: bool = True) -> str:
    argv = [str(binary("kubectl")), "--kubeconfig=/dev/stdin", "--namespace", namespace, *words]
    try:
        done = subprocess.run(argv, input=kubeconfig, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return f"$ kubectl {' '.join(words)}\nno answer in 30 s"
    title = f"$ kubectl --namespace {namespace} {' '.join(words)}\n" if titled else ""
    return title + done.stdout + (done.stderr if titled else "")
