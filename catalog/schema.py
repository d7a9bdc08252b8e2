"""The whole of catalog.yaml. Versions, licences and references live there and nowhere else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from catalog.entries import (
    ANY,
    Binaries,
    Chart,
    Debian,
    DebianLayer,
    Download,
    HelmUpstream,
    Image,
    Manifest,
    ProgramLayer,
    Tool,
)
from catalog.errors import CatalogError
from catalog.yaml_text import parse

HERE = Path(__file__).resolve().parent


class Catalog(BaseModel):
    """The whole lock. `root` is the directory that it was read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path = HERE
    binaries: dict[str, Binaries] = {}
    debian: dict[str, Debian] = {}
    tools: dict[str, Tool] = {}
    images: dict[str, Image] = {}
    charts: dict[str, Chart] = {}
    manifests: dict[str, Manifest] = {}
    builders: tuple[str, ...] = Field(default=("crane", "registry"))
    """The binaries that put images together."""

    @model_validator(mode="after")
    def _references_resolve(self) -> "Catalog":
        programs = [program for entry in self.binaries.values() for program in entry.programs]
        twice = sorted({program for program in programs if programs.count(program) > 1})
        if twice:
            raise ValueError(f"programs in two binaries entries: {', '.join(twice)}")
        for name, entry in self.debian.items():
            if entry.base and (entry.keep, getattr(self.debian.get(entry.base), "keep", "")) != ("layer", "layer"):
                raise ValueError(f"debian.{name}: no layer {entry.base!r} in debian for a layer to lie on")
        for name, image in self.images.items():
            if not set(image.upstream) <= {ANY, "amd64", "arm64"}:
                raise ValueError(f"images.{name}.upstream: its keys are amd64 and arm64, or {ANY}")
            for layer in image.layers:
                if isinstance(layer, ProgramLayer) and layer.program not in programs:
                    raise ValueError(f"images.{name}: no program {layer.program!r} in binaries")
                if isinstance(layer, ProgramLayer) and image.own:
                    raise ValueError(f"images.{name}: an image of our own is made of packages alone, not of programs")
                if isinstance(layer, DebianLayer) and layer.debian not in self.debian:
                    raise ValueError(f"images.{name}: no entry {layer.debian!r} in debian")
        readers: Mapping[str, Chart | Manifest] = {
            **{f"charts.{name}": chart for name, chart in self.charts.items()},
            **{f"manifests.{name}": manifest for name, manifest in self.manifests.items()},
        }
        for place, reader in readers.items():
            if reader.binaries not in self.binaries:
                raise ValueError(f"{place}: no entry {reader.binaries!r} in binaries")
        return self

    def binaries_of(self, program: str) -> str:
        """The name of the binaries entry that has `program`; CatalogError where none has."""
        for name, entry in self.binaries.items():
            if program in entry.programs:
                return name
        raise CatalogError(f"{program}: no such program in catalog.yaml; `cairn catalog list` names them all")

    def _image_origin(self, image: Image) -> Binaries | None:
        for layer in image.layers:
            if isinstance(layer, ProgramLayer):
                return self.binaries[self.binaries_of(layer.program)]
        return None

    def image(self, name: str) -> str:
        """The full upstream reference of image `name`, such as registry.k8s.io/kueue/kueue:v0.18.3."""
        image = self._image(name)
        version = self.image_version(name)
        return image.reference.format(version=version, number=version.removeprefix("v"))

    def published(self, name: str) -> dict[str, tuple[str, str]]:
        """What supply `upstream` copies for image `name`: reference and known digest ("" if none), by architecture.

        The architecture is `any` where upstream has one reference for all.
        """
        image, version = self._image(name), self.image_version(name)
        number = version.removeprefix("v")
        known = image.digest if isinstance(image.digest, dict) else {ANY: image.digest}
        references = image.upstream or {ANY: image.reference}
        return {
            arch: (reference.format(version=version, number=number), known.get(arch, ""))
            for arch, reference in references.items()
        }

    def repository_and_tag(self, name: str) -> tuple[str, str]:
        """The two halves of `image(name)`, which is how charts and kubeadm ask for them."""
        repository, _, tag = self.image(name).rpartition(":")
        return repository, tag

    def image_version(self, name: str) -> str:
        """The version of what the image runs."""
        image = self._image(name)
        origin = self._image_origin(image)
        return image.version or (origin.version if origin else "")

    def image_licence(self, name: str) -> str:
        """SPDX expression for the main content of the image (its SBOM lists the rest)."""
        image = self._image(name)
        origin = self._image_origin(image)
        return image.licence or (origin.licence if origin else "")

    def image_source(self, name: str) -> str:
        """Home of the project that the image runs."""
        image = self._image(name)
        origin = self._image_origin(image)
        return image.source or (origin.source if origin else "")

    def _image(self, name: str) -> Image:
        if name not in self.images:
            raise CatalogError(f"{name}: no such image in catalog.yaml; `cairn catalog list` names them all")
        return self.images[name]

    def version(self, name: str) -> str:
        """The version of a program, binaries entry, image, chart or manifest of that name."""
        for entry_name, entry in self.binaries.items():
            if name == entry_name or name in entry.programs:
                return entry.version
        if name in self.images:
            return self.image_version(name)
        if name in self.charts:
            return self.charts[name].version
        if name in self.manifests:
            return self.binaries[self.manifests[name].binaries].version
        raise CatalogError(f"{name}: no such item in catalog.yaml; `cairn catalog list` names them all")

    def downloads(self) -> list[tuple[Download, str]]:
        """Every file of a release page that supply `upstream` fetches, with the version that it is asked for in."""
        found = [
            (program.upstream, entry.version)
            for entry in self.binaries.values()
            for program in entry.programs.values()
            if program.upstream
        ]
        files: list[Chart | Manifest] = [*self.charts.values(), *self.manifests.values()]
        for made in files:
            if isinstance(made.upstream, Download):
                found.append((made.upstream, self.binaries[made.binaries].version))
        return found

    def chart_repositories(self) -> list[str]:
        """The addresses of the chart repositories, sorted; registries that have charts are among the registries."""
        charts = [chart.upstream for chart in self.charts.values() if isinstance(chart.upstream, HelmUpstream)]
        return sorted({upstream.repository for upstream in charts if upstream.repository})

    def registries(self) -> list[str]:
        """The registry hosts in the names of images, sorted: what nodes are told to ask the environment's own for."""
        return sorted({self.image(name).split("/", 1)[0] for name in self.images})

    def published_registries(self) -> list[str]:
        """The registry hosts that supply `upstream` copies images and charts from: our own have a host that is none."""
        published = [name for name, image in self.images.items() if not image.own]
        references = [reference for name in published for reference, _ in self.published(name).values()]
        charts = [chart.upstream for chart in self.charts.values() if isinstance(chart.upstream, HelmUpstream)]
        references += [u.chart.removeprefix("oci://") for u in charts if not u.repository]
        return sorted({reference.split("/", 1)[0] for reference in references})


YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""For what programs wrote: the C parser where PyYAML has it, ten times as fast."""


def load(path: Path = HERE / "catalog.yaml") -> Catalog:
    """Reads and checks a lock; CatalogError names the place of what is wrong in it."""
    try:
        content = parse(path.read_text(), str(path))
        return Catalog.model_validate({"root": path.parent, **content})
    except ValidationError as error:
        places = [f"  {'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise CatalogError("\n".join([f"{path} is not a valid catalog:", *places])) from error
    except yaml.YAMLError as error:
        raise CatalogError(f"{path} is not readable as YAML: {error}") from None
