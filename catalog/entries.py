"""The entries of catalog.yaml: what each kind of item says of itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ANY = "any"
"""The architecture of what is the same for all."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Download(_Entry):
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


class Program(_Entry):
    """One executable of a Go module."""

    package: str
    output: str = ""
    """The name that `go build` gives it, where it is not the program's own."""
    upstream: Download | None = None
    """None: upstream ships it only inside its image."""


class Binaries(_Entry):
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


class Debian(_Entry):
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


class Tool(_Entry):
    """A program that Cairn runs on the machine itself: the machine's own, else unpacked from its package."""

    packages: tuple[str, ...]
    program: str
    """Path of the program inside the first package."""
    licence: str
    space_mib: int = 50


class ProgramLayer(_Entry):
    """A program of `binaries`, at `path`."""

    program: str
    path: str


class DebianLayer(_Entry):
    """The whole of a `debian` entry, or one file of it at `path`."""

    debian: str
    file: str = ""
    path: str = ""


class PythonLayer(_Entry):
    """Hashed requirements (catalog/images/NAME/requirements.txt) under /opt/python, or one file of them at `path`."""

    requirements: str
    file: Annotated[str, Field(exclude_if=lambda file: not file)] = ""
    path: Annotated[str, Field(exclude_if=lambda path: not path)] = ""


class FilesLayer(_Entry):
    """Python of our own: what lies in catalog/images/NAME/files, beside the packages under /opt/python."""

    files: str


Layer = ProgramLayer | DebianLayer | PythonLayer | FilesLayer


class Image(_Entry):
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


class HelmUpstream(_Entry):
    """A chart in a chart repository (`repository` set) or an OCI registry (`chart` starts with oci://)."""

    chart: str
    repository: str = ""
    sha256: str = ""
    """Of the chart's archive; empty until resolved, then checked."""


class Chart(_Entry):
    """A Helm chart, read from the Go module that is built anyway."""

    binaries: str
    path: str
    version: str
    upstream: HelmUpstream | Download
    without: tuple[str, ...] = ()
    """Dependencies to drop from Chart.yaml: they are installed by modules of their own."""
    placeholders: Annotated[dict[str, str], Field(exclude_if=lambda filled: not filled)] = {}
    """What a release fills into values.tmpl.yaml for each `${NAME}`; `{version}` is the chart's."""


class Manifest(_Entry):
    """A kustomization of the Go module that is built anyway, rendered to one YAML file."""

    binaries: str
    path: str
    upstream: Download
