"""Debian packages made into root filesystems (by mmdebstrap) and into tools for this machine.

No mirror is named here: packages come from where this machine's own apt gets Debian's, or from mmdebstrap's default.
Nothing of the machine's apt or dpkg state is changed.
"""

import os
import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

from catalog import layers
from catalog.cache import locked
from catalog.directories import cache_root
from catalog.entries import Debian, Tool
from catalog.errors import CatalogError
from catalog.items import architecture
from catalog.processes import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
EPOCH = 1767225600
"""Start of 2026: files that a build makes get no later time, so that equal content gives equal layers."""

SHOW = "${Package} ${Version} ${Architecture}\\n"
MERGE = """
for d in bin sbin lib lib64; do mkdir -p "$1/usr/$d"; ln -s "usr/$d" "$1/$d"; done
printf 'Package: usrmerge\\nPin: release *\\nPin-Priority: -1\\n' > "$1/etc/apt/preferences.d/no-usrmerge"
"""
"""Makes /bin and its like links into /usr from the start, so that no package has to convert them, with all of Perl."""

CLEAN = """
find "$1/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$1"/usr/share/man/* "$1"/usr/share/locale/* "$1"/usr/share/info/* "$1"/usr/share/lintian
rm -f "$1"/etc/apt/preferences.d/no-usrmerge "$1"/etc/ssh/ssh_host_*
rm -f "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/var/log/*.log "$1"/var/log/apt/*
"""
"""Drops documentation (licences stay), keys that every copy would share, and traces of this machine."""


def sources(texts: Iterable[tuple[str, str]], suite: str) -> list[str]:
    """The one-line apt entries for Debian's own main packages of `suite` among a machine's source files.

    `texts` are (file name, content). Other vendors' entries are left out: they have another suite, another component,
    or name another key than Debian's.
    """
    found: list[str] = []
    for name, text in texts:
        for uris, suites, components, key in _deb822(text) if name.endswith(".sources") else _one_line(text):
            if "main" not in components or (key and "debian-archive" not in key):
                continue
            own = [s for s in suites if s in (suite, f"{suite}-updates", f"{suite}-security")]
            # Without a key, only a path such as .../debian or .../debian-security tells whose packages they are.
            ours = [uri for uri in uris if key or uri.rstrip("/").rpartition("/")[2].startswith("debian")]
            found += [f"deb [signed-by={KEYRING}] {uri} {s} main" for uri in ours for s in own]
    return list(dict.fromkeys(found))


_Source = tuple[list[str], list[str], list[str], str]


def _deb822(text: str) -> Iterable[_Source]:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        split = (line.partition(":") for line in lines)
        fields = {name.strip().lower(): value.strip() for name, colon, value in split if colon}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            yield (
                fields.get("uris", "").split(),
                fields.get("suites", "").split(),
                fields.get("components", "").split(),
                fields.get("signed-by", ""),
            )


def _one_line(text: str) -> Iterable[_Source]:
    for line in text.splitlines():
        if found := re.match(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<rest>[^#]+)", line.strip()):
            options = dict(option.partition("=")[::2] for option in (found["options"] or "").split())
            uri, suite, *components = found["rest"].split()
            yield [uri], [suite], components, options.get("signed-by", "")


def machine_sources(suite: str) -> list[str]:
    """`sources` of this machine's apt; empty where it is not a Debian machine of that suite."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    readable = [
        (path.name, path.read_text()) for path in files if path.is_file() and path.suffix in (".list", ".sources")
    ]
    return sources(readable, suite) if KEYRING.exists() else []


def machine_suite() -> str:
    """This machine's Debian suite; empty on other systems."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return ""
    fields = dict(line.partition("=")[::2] for line in text.splitlines())
    return fields.get("VERSION_CODENAME", "").strip('"') if fields.get("ID", "").strip('"') == "debian" else ""


def keyring_option(mmdebstrap: Path, keyring: Path = KEYRING) -> list[str]:
    """How mmdebstrap learns Debian's keys on a machine without Debian's `keyring`: they were unpacked with it."""
    if keyring.exists():
        return []
    unpacked = mmdebstrap.parent.parent / "root" / KEYRING.relative_to("/")
    if not unpacked.exists():
        raise CatalogError("Debian's archive keys are not on this machine: apt-get install debian-archive-keyring")
    return [f"--keyring={unpacked}"]


def mmdebstrap_command(
    entry: Debian, mmdebstrap: list[str], target: Path, packages: Path, sources_file: Path | None
) -> list[str]:
    """The command that makes `target` (a directory, or a tar by its name) and lists its packages in `packages`.

    `mmdebstrap` is the program with the options that this machine needs.
    """
    hooks = [f'ln -sf {shlex.quote(to)} "$1"/{shlex.quote(path)}' for path, to in entry.links.items()]
    setup = ""
    if entry.form == "bootstrap":
        setup = MERGE
        show = f'dpkg-query --root="$1" --show --showformat={shlex.quote(SHOW)}'
        variant, stage = "minbase", "customize"
    else:
        # Nothing is configured, so dpkg knows nothing: the packages are still there as files.
        one = f"dpkg-deb --show --showformat={shlex.quote(SHOW)}"
        show = f'for deb in "$1"/var/cache/apt/archives/*.deb; do {one} "$deb"; done'
        variant, stage = "extract", "extract"
    left_out = [f'cd "$1" && rm -rf -- {" ".join(entry.without)}'] if entry.without else []
    hooks = [f"{show} | sort > {shlex.quote(str(packages))}", *hooks, *left_out, CLEAN]
    return [
        # Namespaces of its own: whatever kills it leaves no mount and no process on the machine.
        *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *(*mmdebstrap, "--verbose", "--mode=root", f"--variant={variant}", f"--architectures={architecture()}"),
        f"--include={','.join(entry.packages)}",
        *([f"--setup-hook={setup}"] if setup else []),
        *("--skip=output/dev", "--skip=output/mknod"),
        *(f"--{stage}-hook={hook}" for hook in hooks),
        *(entry.suite, str(target)),
        *([str(sources_file)] if sources_file else []),
    ]


def build(entry: Debian, mmdebstrap: Path, out: Path, tmp: Path, base: Path | None) -> None:
    """Makes a root filesystem: `out`/root or `out`/layer.tar, and `out`/packages.txt (name, version, architecture).

    Of a layer that lies on `base`, another layer's tar, only what that lacks is kept.
    """
    if os.geteuid() != 0:
        raise CatalogError("Debian root filesystems are made as root; run the same command with sudo")
    lines = machine_sources(entry.suite)
    sources_file = tmp / "sources.list"
    sources_file.write_text("\n".join([*lines, ""]))
    kept = out / ("root" if entry.keep == "directory" else "layer.tar")
    target = tmp / "whole.tar" if base else kept
    # mmdebstrap's own children, which keep other users' ids, need to reach the target.
    tmp.chmod(0o755)
    program = [str(mmdebstrap), *keyring_option(mmdebstrap)]
    command = mmdebstrap_command(entry, program, target, out / "packages.txt", sources_file if lines else None)
    run(command, changes={"SOURCE_DATE_EPOCH": str(EPOCH), "TMPDIR": str(tmp)})
    if base:
        layers.write_difference(kept, base, target)


def on_machine(program: str) -> Path | None:
    """The machine's own program of that name, looked for where root would."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return Path(found) if found else None


def unpack_tool(name: str, tool: Tool, out: Path, tmp: Path) -> None:
    """Unpacks a tool and what the machine lacks for it under `out`/root; `out`/bin/NAME runs it from there."""
    if not on_machine("apt-get"):
        raise CatalogError(
            f"{name} is not on this machine, and only apt's packages can stand in; install {name} and retry"
        )
    apt = [*_apt(tmp), "--no-install-recommends"]
    with locked("apt-lists"):
        run([*apt, "update"])
        run([*apt, "--yes", "--download-only", "install", *tool.packages])
    for package in sorted((tmp / "archives").glob("*.deb")):
        run(["dpkg-deb", "-x", package, out / "root"])
    launcher = out / "bin" / name
    launcher.parent.mkdir()
    launcher.write_text(launcher_text(tool.program, out / "root"))
    launcher.chmod(0o755)


def launcher_text(program: str, root: Path) -> str:
    """A shell script that runs `program` of the unpacked tree with the libraries and Perl modules that lie there."""
    settings = {
        "LD_LIBRARY_PATH": ["lib/*-linux-gnu", "usr/lib/*-linux-gnu"],
        "PERL5LIB": ["usr/share/perl5", "usr/share/perl/5.*", "usr/lib/*-linux-gnu/perl/5.*"],
        "PATH": ["usr/bin", "usr/sbin", "bin", "sbin"],
        "XTABLES_LIBDIR": ["usr/lib/*-linux-gnu/xtables"],
    }
    lines = ["#!/bin/sh", 'root=$(dirname "$(dirname "$(readlink -f "$0")")")/root']
    for variable, patterns in settings.items():
        places = [path for pattern in patterns for path in sorted(root.glob(pattern)) if path.is_dir()]
        if variable == "LD_LIBRARY_PATH":
            places = [path for path in places if any(path.glob("*.so*"))]
        if places:
            joined = ":".join(f"$root/{path.relative_to(root)}" for path in places)
            lines.append(f'export {variable}="{joined}${{{variable}:+:${variable}}}"')
    return "\n".join([*lines, f'exec "$root/{program}" "$@"', ""])


def _apt(tmp: Path) -> list[str]:
    """apt-get with lists and archives of Cairn's own and the machine's dpkg status, which it only reads."""
    for folder in ("archives/partial", "state"):
        (tmp / folder).mkdir(parents=True, exist_ok=True)
    lists = cache_root() / "apt" / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": tmp / "state",
        "Dir::State::lists": lists,
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": tmp,
        "Dir::Cache::archives": tmp / "archives",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
        "APT::Update::Post-Invoke::": "true",
        "APT::Get::List-Cleanup": "true",
    }
    if suite := machine_suite():
        lines = machine_sources(suite)
        if lines:
            (tmp / "sources.list").write_text("\n".join([*lines, ""]))
            options |= {"Dir::Etc::sourcelist": tmp / "sources.list", "Dir::Etc::sourceparts": "/dev/null"}
    return ["apt-get", "--quiet", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
