"""The shape of catalog.yaml. Versions, licences and references live there and nowhere else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from catalog.errors import CatalogError
from catalog.yaml_text import parse

HERE = Path(__file__).resolve().parent
ANY = "any"
"""The architecture of what is the same for all."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Download(_Model):
    """A file of a project's own release pages. `{version}`, `{number}` (no v) and `{arch}` are filled in."""

    url: str
    member: str = ""
    """The file or directory wanted, where `url` is an archive."""
    # Absent where it is empty, so that it changes the keys of those items alone that have it.
    beside: Annotated[tuple[str, ...], Field(exclude_if=lambda members: not members)] = ()
    """Further files of the archive that the program looks for beside itself; kept under their own names."""
    sha256: dict[str, str] = {}
    """Of what `url` gives, by our architectures (`any` where it names none); not there until resolved, then checked.

    Of a `generated` archive it is the hash of the files in it (`catalog.upstream.tree_sha256`).
    """
    arch_names: dict[str, str] = {}
    """What the project calls our architectures, where it differs from Go's names."""

    @property
    def generated(self) -> bool:
        """Whether the server makes the archive of a Git tag when asked: its bytes may differ from day to day."""
        return "/archive/refs/" in self.url


class Program(_Model):
    """One executable of a Go module."""

    package: str
    output: str = ""
    """The name that `go build` gives it, where it is not the program's own."""
    upstream: Download | None = None
    """None: upstream ships it only inside its image."""


class Binaries(_Model):
    """The programs built from one upstream Go module; catalog/go/NAME holds its go.mod and go.sum."""

    module: str
    version: str
    module_version: Annotated[str, Field(exclude_if=lambda version: not version)] = ""
    """What the module proxy calls the version, where it serves the release's commit without its tag."""
    licence: str
    source: str
    stamps: dict[str, str] = {}
    """Go variables that the linker sets, such as the version that the program prints."""
    embeds: Annotated[tuple[str, ...], Field(exclude_if=lambda files: not files)] = ()
    """Files of the module, by their paths in it, that a program of our own in catalog/go/NAME/main.go embeds."""
    programs: dict[str, Program]
    space_mib: int
    """Disk that a cold build needs at its peak, build cache included (measured)."""
    download_mib: int = 0
    """Disk that supply `upstream` needs in place of it: archives and what is kept of them (by what is built here)."""


class Debian(_Model):
    """Debian packages made into a root filesystem: `bootstrap` is a whole system, `unpack` just files."""

    suite: str = "bookworm"
    form: Literal["bootstrap", "unpack"]
    keep: Literal["directory", "layer"] = "layer"
    packages: tuple[str, ...]
    links: dict[str, str] = {}
    """Symbolic links to add (path: target), where no maintainer script makes them."""
    # Absent where they are empty, so that they change the keys of those items alone that have them.
    without: Annotated[tuple[str, ...], Field(exclude_if=lambda patterns: not patterns)] = ()
    """Files and directories to leave out, as a shell's patterns from the root."""
    base: Annotated[str, Field(exclude_if=lambda name: not name)] = ""
    """Another entry, a layer too, that this one lies on: what that has already is left out."""
    licence: str
    space_mib: int


class Tool(_Model):
    """A program that Cairn runs on the machine itself: the machine's own, else unpacked from its package."""

    packages: tuple[str, ...]
    program: str
    """Path of the program inside the first package."""
    licence: str
    space_mib: int = 50


class ProgramLayer(_Model):
    """A program of `binaries`, at `path`."""

    program: str
    path: str


class DebianLayer(_Model):
    """The whole of a `debian` entry, or one file of it at `path`."""

    debian: str
    file: str = ""
    path: str = ""


class PythonLayer(_Model):
    """Hashed requirements (catalog/images/NAME/requirements.txt) under /opt/python, or one file of them at `path`."""

    requirements: str
    file: Annotated[str, Field(exclude_if=lambda file: not file)] = ""
    path: Annotated[str, Field(exclude_if=lambda path: not path)] = ""


class FilesLayer(_Model):
    """Python of our own: what lies in catalog/images/NAME/files, beside the packages under /opt/python."""

    files: str


Layer = ProgramLayer | DebianLayer | PythonLayer | FilesLayer


class Image(_Model):
    """A container image under its upstream name. `{version}` in the reference is that of its first program."""

    reference: str
    own: Annotated[bool, Field(exclude_if=lambda own: not own)] = False
    """Nobody publishes such an image: it is put together here under both supplies, from packages alone."""
    upstream: Annotated[dict[str, str], Field(exclude_if=lambda references: not references)] = {}
    """What upstream calls it where that isn't `reference`, by our architectures (`any` for all of them)."""
    digest: str | dict[str, str] = ""
    """Upstream's digest (by architecture where `upstream` is); empty until resolved, then checked."""
    version: str = ""
    licence: str = ""
    source: str = ""
    layers: tuple[Layer, ...]
    directories: tuple[str, ...] = ("/tmp",)
    """Empty directories that everyone may write to."""
    user: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    stop_signal: Annotated[str, Field(exclude_if=lambda signal: not signal)] = ""
    """What asks the program to end, where that isn't SIGTERM."""
    space_mib: int


class HelmUpstream(_Model):
    """A chart in a chart repository (`repository` set) or an OCI registry (`chart` starts with oci://)."""

    chart: str
    repository: str = ""
    sha256: str = ""
    """Of the chart's archive; empty until resolved, then checked."""


class Chart(_Model):
    """A Helm chart, read from the Go module that is built anyway."""

    binaries: str
    path: str
    version: str
    upstream: HelmUpstream | Download
    without: tuple[str, ...] = ()
    """Dependencies to drop from Chart.yaml: they are installed by modules of their own."""
    placeholders: Annotated[dict[str, str], Field(exclude_if=lambda filled: not filled)] = {}
    """What a release fills into values.tmpl.yaml for each `${NAME}`; `{version}` is the chart's."""


class Manifest(_Model):
    """A kustomization of the Go module that is built anyway, rendered to one YAML file."""

    binaries: str
    path: str
    upstream: Download


class Catalog(_Model):
    """The whole lock. `root` is the directory that it was read from."""

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
