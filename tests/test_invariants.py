"""What holds for every module, profile and package, so that adding one can't forget a part of it."""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from catalog.directories import REPOSITORY
from catalog.schema import load as load_catalog
from modules.cluster.accelerators import NVIDIA
from modules.contract.module import Module
from modules.registry import all_modules, enabled
from modules.validation import load as load_with_modules
from profiles.errors import ProfileError
from profiles.load import available, load
from profiles.modules import Modules

# Which packages each package may import. Nothing imports cairn, smoke_tests, tests or bench.
ALLOWED = {
    "catalog": set(),
    "profiles": {"catalog"},
    "plugins": {"catalog"},
    "hosts": {"catalog", "profiles"},
    "modules": {"catalog", "profiles"},
    "installer": {"catalog", "profiles", "modules"},
    "stacks": {"catalog", "profiles", "hosts", "modules", "installer"},
    "cairn": {"catalog", "profiles", "hosts", "modules", "installer", "stacks"},
    "smoke_tests": {"catalog", "profiles", "plugins", "hosts", "modules", "installer", "stacks"},
}
PACKAGES = {*ALLOWED, "tests", "bench"}
PICKLED = {REPOSITORY / "modules" / name for name in ("gate.py", "made_credentials.py")}
"""Files that stand where the states of earlier environments look for providers; they hold nothing else."""
MODULES = [*all_modules().values(), NVIDIA]


def ids(module: Module) -> str:
    return f"{module.name}-{module.release}"


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found & PACKAGES


def defines(file: Path, name: str) -> bool:
    """Whether a file gives `name` a value at its top level."""
    statements = (each for each in ast.parse(file.read_text()).body if isinstance(each, ast.Assign | ast.AnnAssign))
    targets = (
        target for each in statements for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
    )
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def tools(package: str) -> set[str]:
    """The names that a package's code calls `tool` with."""
    calls = (
        node
        for file in (REPOSITORY / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tool"
    )
    return {str(call.args[0].value) for call in calls if call.args and isinstance(call.args[0], ast.Constant)}


@pytest.mark.parametrize("package", ALLOWED)
def test_dependencies_point_one_way(package: str) -> None:
    for file in set((REPOSITORY / package).rglob("*.py")) - PICKLED:
        wrong = imports(file) - ALLOWED[package] - {package}
        assert not wrong, f"{file.relative_to(REPOSITORY)} imports {', '.join(wrong)}"


def room_of(file: Path) -> str:
    """The room of modules/ that a file is in, or the file's own name where it stands at the top."""
    return file.relative_to(REPOSITORY / "modules").parts[0].removesuffix(".py")


def modules_imported(file: Path) -> set[tuple[str, str]]:
    """The files of modules/ that a file imports from: the room and the name of each."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("modules."):
            _, room, *rest = str(node.module).split(".")
            found |= {(room, rest[0])} if rest else {(room, alias.name) for alias in node.names}
    return found


FLOORS = {"contract": 0, "in_cluster": 0, "parts": 1, "cluster": 2, "compute": 3, "data": 4, "models": 4, "people": 4}
"""How high each room of modules/ lies; what is not in a room looks down on all of them."""


@pytest.mark.parametrize(
    "file",
    sorted(set((REPOSITORY / "modules").rglob("*.py")) - PICKLED),
    ids=lambda file: f"{file.parent.name}-{file.stem}",
)
def test_imports_inside_modules_go_down_the_floors(file: Path) -> None:
    top = max(FLOORS.values()) + 1
    here = FLOORS.get(room_of(file), top)
    above = {f"{room}/{name}" for room, name in modules_imported(file) if FLOORS.get(room, top) > here}
    assert not above, f"{file.relative_to(REPOSITORY)} imports what lies above it"


@pytest.mark.parametrize("module", all_modules().values(), ids=lambda module: module.name)
def test_a_module_imports_another_module_only_if_it_requires_it(module: Module) -> None:
    [file] = (REPOSITORY / "modules").glob(f"*/{module.name}.py")
    # Files beside it that are no modules themselves are its own.
    beside = {name for room, name in modules_imported(file) if room == file.parent.name}
    own = [file, *(each for each in file.parent.glob("*.py") if each.stem in beside - set(all_modules()))]
    others = {name for each in own for _, name in modules_imported(each)} & set(all_modules()) - {module.name}
    assert others <= set(module.requires), f"{file.relative_to(REPOSITORY)} requires only {module.requires}"


BESIDE = {"gateway": {"modules/parts/routes.py"}}
"""Files of a module that lie on a lower floor, so that others can build on them."""
PRODUCT = (
    "cairn",
    "installer",
    "stacks",
    "hosts",
    "modules",
    "profiles",
    "smoke_tests/conftest.py",
    "smoke_tests/support/leftovers.py",
)
"""What counts: all but tests of a module and their helpers, and benches, which are about certain modules."""


def asks_for_settings(file: Path) -> set[str]:
    """The modules whose settings a file reads as `...modules.NAME`."""
    return {
        node.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "modules"
    } & set(all_modules())


def _python_files(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("*.py"))


def test_nobody_but_a_module_itself_and_who_requires_it_names_it() -> None:
    wrong = []
    for file in sorted(file for name in PRODUCT for file in _python_files(REPOSITORY / name)):
        place = str(file.relative_to(REPOSITORY))
        named = asks_for_settings(file) | ({name for _, name in modules_imported(file)} & set(all_modules()))
        for name in named:
            own = place in BESIDE.get(name, set()) or file.stem == name
            requiring = {file.stem for module in all_modules().values() if name in module.requires}
            beside = file.parent.parent.name == "modules"
            if not own and not (beside and (file.stem in requiring or file.stem not in all_modules())):
                wrong.append(f"{place} names {name}")
    assert not wrong, "\n".join(wrong)


def test_no_file_in_stacks_is_named_like_a_module_of_the_standard_library() -> None:
    names = {path.stem for path in (REPOSITORY / "stacks").iterdir()}
    assert not names & set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", all_modules())
def test_every_module_has_a_file_a_smoke_test_and_a_docs_page(name: str) -> None:
    [file] = (REPOSITORY / "modules").glob(f"*/{name}.py")
    room = file.parent.name
    for path in (f"smoke_tests/{room}/test_{name}.py", f"docs/modules/{room}/{name}.md"):
        assert (REPOSITORY / path).is_file(), path


def test_every_file_that_is_a_module_is_registered_and_no_docs_page_is_left_over() -> None:
    files = {path.stem for path in (REPOSITORY / "modules").glob("*/*.py") if defines(path, "MODULE")}
    assert files == set(all_modules())
    assert {path.stem for path in (REPOSITORY / "docs" / "modules").rglob("*.md")} == files


def test_every_tool_that_is_run_on_this_machine_is_in_the_catalog() -> None:
    asked = {tool for package in ("catalog", "hosts", "stacks", "cairn", "smoke_tests") for tool in tools(package)}
    assert asked == set(load_catalog().tools)


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_every_item_of_a_module_is_in_the_catalog(module: Module) -> None:
    catalog = load_catalog()
    assert module.chart is None or module.chart in catalog.charts
    assert module.manifest is None or module.manifest in catalog.manifests
    assert set(module.images) <= set(catalog.images)


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_every_module_says_how_to_tell_that_it_serves(module: Module) -> None:
    assert module.ready(load("laptop"))


def test_modules_need_each_other_in_no_circle_and_come_after_what_they_need() -> None:
    modules = all_modules()
    needs = {name: {*module.requires, *module.after} for name, module in modules.items()}
    assert set().union(*needs.values()) <= set(modules)
    list(TopologicalSorter(needs).static_order())
    order = list(modules)
    for name, needed in needs.items():
        assert all(order.index(each) < order.index(name) for each in needed)


@pytest.mark.parametrize("name", available())
def test_every_profile_turns_on_whatever_its_modules_require(name: str) -> None:
    on = enabled(load(name))
    assert {needed for module in on for needed in module.requires} <= {module.name for module in on}


def test_every_module_can_be_set_in_a_profile() -> None:
    assert {*Modules.model_fields, "teams"} == set(all_modules())


@pytest.mark.parametrize("module", [module for module in MODULES if module.namespace], ids=ids)
def test_no_team_can_take_a_modules_namespace(module: Module) -> None:
    with pytest.raises(ProfileError, match="can't be a team's name"):
        load_with_modules("mini", {f"teams.{module.namespace}": {}})


def test_every_profile_that_another_extends_exists_and_loads() -> None:
    assert [load(name) for name in available()]


@pytest.mark.parametrize("name", ["requirements.lock", "bootstrap.lock"])
def test_every_python_package_is_pinned_by_hashes_and_from_no_named_address(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    packages = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("==" in package and "--hash=sha256:" in package for package in packages if not package.startswith("#"))
    assert "://" not in text
