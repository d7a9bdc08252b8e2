"""The variables of programs that Cairn starts: what makes plain `pulumi` work, and what of a shell stays behind."""

import os
import secrets
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from catalog.directories import REPOSITORY, state_root

STRAY = ("HELM_", "KUBE", "PULUMI_", "REGISTRY_", "OTEL_")
"""Variables of these names change what a program does that Cairn starts, and were set for another purpose."""
KEPT = {
    *("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_API", "PULUMI_CREDENTIALS_PATH", "PULUMI_HOME"),
    *("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_SKIP_UPDATE_CHECK"),
    *(
        "PULUMI_K8S_ENABLE_PATCH_FORCE",
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
    ),
    *("REGISTRY_AUTH_FILE", "AWS_CA_BUNDLE", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"),
}
"""Of those the ones that choose Pulumi's backend, passphrase and home, a registry's login, and whom to trust."""
KEPT_FAMILIES = ("PULUMI_SELF_MANAGED_STATE_", "PULUMI_DIY_BACKEND_")
"""How a backend that is a directory or a bucket is locked, packed and retried."""
ACCOUNTS = ("AWS_", "AZURE_", "ARM_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_")
"""A person's accounts at clouds."""
CLOUD_BACKENDS = ("s3:", "gs:", "azblob:")
CLOUD_KEYS = ("awskms:", "gcpkms:", "azurekeyvault:")
"""Where Pulumi's state and the key of its secrets may lie."""


def stray(current: Mapping[str, str], accounts: bool) -> list[str]:
    """The variables that no program of Cairn's gets; with `accounts` those of clouds are needed and stay."""
    families = STRAY if accounts else (*STRAY, *ACCOUNTS)
    return [
        name
        for name in current
        if name.startswith(families) and name not in KEPT and not name.startswith(KEPT_FAMILIES)
    ]


def needs_accounts(current: Mapping[str, str], words: Iterable[str]) -> bool:
    """Whether clouds may be asked: by Pulumi for its state or key, or by the login program of a kubeconfig.

    `words` are the command's own; a kubeconfig that an environment keeps stands in its settings.
    """
    if current.get("PULUMI_BACKEND_URL", "").startswith(CLOUD_BACKENDS):
        return True
    if any(word.startswith("--kubeconfig") for word in words):
        return True
    settings = [file.read_text() for file in REPOSITORY.glob("Pulumi.*.yaml")]
    return any(sign in text for text in settings for sign in (*CLOUD_KEYS, "cairn:kubeconfig:"))


_taken: list[str] = []


def begin(current: MutableMapping[str, str], words: Iterable[str]) -> None:
    """Leave in this process's variables what its programs need: they, and the clients in it, read them from here."""
    _taken[:] = stray(current, needs_accounts(current, words))
    for name in _taken:
        del current[name]


def taken() -> list[str]:
    """What `begin` took out, for a shell to do the same."""
    return list(_taken)


def variables(current: Mapping[str, str], stand_ins: bool) -> dict[str, str]:
    """What to set on top of `current`; what a person chose there (backend, passphrase, Pulumi's home) is kept.

    With `stand_ins` Pulumi downloads no plug-ins and keeps its own files below Cairn's state directory.
    """
    result = {
        "PATH": path(current.get("PATH", os.defpath)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        # To the Kubernetes plug-in each attempt at an object is a field manager of its own: without this, a run that
        # was killed before it recorded an object would be in conflict with itself for ever.
        "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    }
    if stand_ins:
        result["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        result["PULUMI_HOME"] = current.get("PULUMI_HOME", str(state_root() / "pulumi"))
    if "PULUMI_BACKEND_URL" not in current:
        # The attributes of a file lie beside it and are written in two steps; a run that is killed in between would
        # leave a stack that nobody can read ("failed to load checkpoint: EOF"). Pulumi makes no use of them.
        result["PULUMI_BACKEND_URL"] = f"file://{state_root() / 'backend'}?metadata=skip"
    if "PULUMI_CONFIG_PASSPHRASE" not in current and "PULUMI_CONFIG_PASSPHRASE_FILE" not in current:
        result["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(state_root() / "passphrase")
    return result


def path(current: str) -> str:
    """PATH with this checkout's programs first and once, so that `eval "$(cairn env)"` can be repeated."""
    own = str(programs())
    return os.pathsep.join([own, *(entry for entry in current.split(os.pathsep) if entry != own)])


def programs() -> Path:
    """The virtual environment's bin directory, which also holds the links that `tools.prepare` makes."""
    return Path(sys.executable).parent


def make_passphrase() -> None:
    """Make the passphrase file (mode 0600) and the backend's directory, once; two processes agree on the first."""
    (state_root() / "backend").mkdir(parents=True, exist_ok=True)
    file = state_root() / "passphrase"
    if file.exists():
        return
    with NamedTemporaryFile("w", dir=state_root(), prefix=".passphrase") as fresh:
        fresh.write(secrets.token_urlsafe(32))
        fresh.flush()
        os.fsync(fresh.fileno())
        with suppress(FileExistsError):
            os.link(fresh.name, file)
