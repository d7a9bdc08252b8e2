"""Makes a chart of a rendered manifest, so that a module without a chart is one release like the others.

As single resources KubeRay's definitions would put megabytes into the state, three copies of each, and the engine
writes the whole state again at every step.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from modules.contract.api import Object
from modules.contract.credentials import Credential, filled

# The objects' own text may hold braces that are no template, so it is read as a file.
_TEMPLATE = """{{ $objects := .Files.Get "objects.yaml" }}
{{ range $name, $value := .Values.credentials }}
{{ $objects = $objects | replace $name ($value | toJson | trimPrefix "\\"" | trimSuffix "\\"") }}
{{ end }}
{{ $objects }}
"""


def chart_files(name: str, version: str, objects: list[Object]) -> dict[str, str]:
    """The files of a chart that installs just these objects, by their path in it. Pure."""
    about = {"apiVersion": "v2", "name": name, "version": version.removeprefix("v"), "appVersion": version}
    return {
        "Chart.yaml": yaml.safe_dump(about),
        # One JSON document a line is YAML too, and much faster to write.
        "objects.yaml": "".join(f"---\n{json.dumps(made, sort_keys=True)}\n" for made in objects),
        "templates/objects.yaml": _TEMPLATE,
    }


def without_credentials(objects: list[Object]) -> tuple[list[Object], dict[str, Credential]]:
    """The objects as they may lie on disk, and what the release's value `credentials` puts in place of which text."""
    credentials: dict[str, Credential] = {}

    def note(credential: Credential) -> str:
        credentials[str(credential)] = credential
        return str(credential)

    return filled(objects, note), credentials


def patched(manifest: str, patch: Callable[[Object], Object | None]) -> list[Object]:
    """The objects of a manifest, a JSON document a line, each as `patch` wants it. Pure."""
    return [made for line in manifest.splitlines() if (made := patch(json.loads(line))) is not None]


def digest(files: dict[str, str]) -> str:
    """A short fingerprint of a chart's contents."""
    return hashlib.sha256("\0".join(f"{path}\0{files[path]}" for path in sorted(files)).encode()).hexdigest()[:16]


def write_chart(directory: Path, files: dict[str, str]) -> None:
    """Put the files under `directory`, each at once, so that a run beside this one never reads half a file."""
    for path, content in files.items():
        target = directory / path
        if target.is_file() and target.read_text() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, prefix=".") as partial:
            partial.write(content)
        Path(partial.name).replace(target)
