"""Writes docs/reference/catalog.md from catalog.yaml: `python -m catalog.reference`."""

from collections.abc import Iterable
from pathlib import Path

from catalog.directories import REPOSITORY
from catalog.entries import Download, FilesLayer, ProgramLayer, PythonLayer
from catalog.items import Item
from catalog.report import describe
from catalog.schema import Catalog, load

PAGE = REPOSITORY / "docs" / "reference" / "catalog.md"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def _made_of(catalog: Catalog, name: str) -> str:
    parts: list[str] = []
    for layer in catalog.images[name].layers:
        if isinstance(layer, ProgramLayer):
            parts.append(f"`{layer.program}` at {layer.path}")
            continue
        if isinstance(layer, FilesLayer):
            parts.append(f"images/{layer.files}/files")
            continue
        if isinstance(layer, PythonLayer):
            whole = f"images/{layer.requirements}/requirements.txt"
        else:
            whole = f"debian/{layer.debian}"
        parts.append(f"{layer.file} of {whole}" if layer.file else whole)
    return ", ".join(parts)


def page(catalog: Catalog) -> str:
    """The whole page."""
    lines = [
        "# What Cairn installs",
        "",
        "Made from `catalog/catalog.yaml` by `python -m catalog.reference`; a test fails when it is not current.",
        "`cairn catalog list` shows the same with what this machine has of it.",
        "",
        "## Programs",
        "",
        *_table(
            ("entry", "programs", "version", "licence", "Go module"),
            (
                (name, ", ".join(entry.programs), entry.version, entry.licence, f"`{entry.module}`")
                for name, entry in catalog.binaries.items()
            ),
        ),
        "## Images",
        "",
        *_table(
            ("image", "reference", "licence", "built from", "user"),
            (
                (
                    name,
                    f"`{catalog.image(name)}`",
                    catalog.image_licence(name),
                    _made_of(catalog, name),
                    catalog.images[name].user,
                )
                for name in catalog.images
            ),
        ),
        "## Charts and manifests",
        "",
        *_table(
            ("item", "version", "licence", "path in its module", "upstream"),
            (
                (str(item), *describe(catalog, item), _upstream(catalog, item))
                for item in [Item(kind, name) for kind in ("charts", "manifests") for name in getattr(catalog, kind)]
            ),
        ),
        "## Debian systems and tools",
        "",
        *_table(
            ("item", "licence", "packages"),
            (
                (str(item), describe(catalog, item)[1], describe(catalog, item)[2])
                for item in [Item(kind, name) for kind in ("debian", "tools") for name in getattr(catalog, kind)]
            ),
        ),
    ]
    return "\n".join(lines)


def _upstream(catalog: Catalog, item: Item) -> str:
    upstream = catalog.charts[item.name].upstream if item.kind == "charts" else catalog.manifests[item.name].upstream
    if isinstance(upstream, Download):
        return upstream.url
    return f"{upstream.repository} {upstream.chart}".strip()


def write(target: Path = PAGE) -> None:
    """Writes the page."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(load()))


if __name__ == "__main__":
    write()
