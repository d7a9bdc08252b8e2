"""Software bills of materials in CycloneDX 1.5, from what go, the requirements lock and dpkg say; no scanner."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PATH = "usr/share/sbom"
"""Directory of an image's own SBOM inside the image."""


@dataclass(frozen=True, order=True)
class Component:
    """One package in an image. `purl` is its package URL, `hashes` are SHA-256 in hex (of any of its archives)."""

    name: str
    version: str
    purl: str
    licence: str = ""
    hashes: tuple[str, ...] = ()


def from_go(told: str) -> list[Component]:
    """The modules in a binary, by the output of `go version -m`; a replaced module is named by its replacement."""
    modules: list[Component] = []
    for line in told.splitlines():
        fields = line.strip().split("\t")
        if fields[0] == "=>":
            modules.pop()
        if fields[0] in ("mod", "dep", "=>") and len(fields) >= 3 and fields[2] != "(devel)":
            modules.append(Component(fields[1], fields[2], f"pkg:golang/{fields[1]}@{fields[2]}"))
        elif match := re.search(r": go(\d\S*)$", line):
            modules.append(Component("stdlib", match[1], f"pkg:golang/stdlib@{match[1]}", "BSD-3-Clause"))
    return modules


def from_requirements(text: str) -> list[Component]:
    """The packages of a hashed requirements lock."""
    found: list[Component] = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", "")):
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", block.strip()):
            name, version = match[1].lower(), match[2]
            hashes = tuple(sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)))
            found.append(Component(name, version, f"pkg:pypi/{name}@{version}", "", hashes))
    return found


def from_dpkg(text: str) -> list[Component]:
    """Debian packages, one `name version architecture` a line."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return [
        Component(name, version, f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={architecture}")
        for name, version, architecture in rows
    ]


def document(name: str, version: str, licence: str, components: Iterable[Component]) -> Mapping[str, object]:
    """The CycloneDX document for an image; the same content gives the same bytes, so it has no time and no serial."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": name, "version": version, **_licences(licence)}},
        "components": [
            {
                "type": "library",
                "name": component.name,
                "version": component.version,
                "purl": component.purl,
                **_licences(component.licence),
                **(
                    {"hashes": [{"alg": "SHA-256", "content": digest} for digest in component.hashes]}
                    if component.hashes
                    else {}
                ),
            }
            for component in sorted(set(components))
        ],
    }


def _licences(expression: str) -> Mapping[str, object]:
    return {"licenses": [{"expression": expression}]} if expression else {}
