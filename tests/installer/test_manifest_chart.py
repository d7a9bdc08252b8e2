import subprocess
from pathlib import Path

import yaml

from catalog.build import binary
from installer.manifest_chart import chart_files, digest, patched, without_credentials, write_chart
from modules.contract.api import Object
from modules.contract.credentials import Password

OBJECTS: list[Object] = [{"kind": "ConfigMap", "data": {"a": "{{ not a template }}"}}, {"kind": "Secret"}]


def test_the_chart_holds_just_these_objects() -> None:
    files = chart_files("name", "v1.2.3", OBJECTS)
    assert yaml.safe_load(files["Chart.yaml"])["version"] == "1.2.3"
    assert list(yaml.safe_load_all(files["objects.yaml"])) == OBJECTS


def test_objects_that_the_patch_drops_are_left_out() -> None:
    manifest = '{"kind": "A"}\n{"kind": "B"}\n'
    assert patched(manifest, lambda found: None if found["kind"] == "A" else {**found, "x": 1}) == [
        {"kind": "B", "x": 1}
    ]


def test_the_digest_changes_with_the_contents_and_with_nothing_else() -> None:
    assert digest(chart_files("n", "1", OBJECTS)) == digest(chart_files("n", "1", OBJECTS))
    assert digest(chart_files("n", "1", OBJECTS)) != digest(chart_files("n", "1", OBJECTS[:1]))


def test_writing_twice_touches_nothing_the_second_time(tmp_path: Path) -> None:
    files = chart_files("n", "1", OBJECTS)
    write_chart(tmp_path / "n", files)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    write_chart(tmp_path / "n", files)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert subprocess.run(["find", tmp_path, "-name", ".*", "-type", "f"], capture_output=True).stdout == b""


def test_helm_puts_credentials_where_their_names_stand_and_nothing_else_changes(tmp_path: Path) -> None:
    objects: list[Object] = [{"kind": "ConfigMap", "data": {"a": "{{ no }}", "b": Password("x"), "c": "<a> & <b>"}}]
    kept, credentials = without_credentials(objects)
    assert credentials == {"<password x>": Password("x")}
    write_chart(tmp_path / "n", chart_files("n", "1.0.0", kept))
    plain = 'two\nlines, "quoted" & <braced>'
    (tmp_path / "values.yaml").write_text(yaml.safe_dump({"credentials": {"<password x>": plain}}))
    command: list[str | Path] = [binary("helm"), "template", "n", tmp_path / "n", "--values", tmp_path / "values.yaml"]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert yaml.safe_load(rendered) == {"kind": "ConfigMap", "data": {"a": "{{ no }}", "b": plain, "c": "<a> & <b>"}}
