"""What an environment is set to: the settings in a file of the checkout, held against the backend's own record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from cairn.errors import UserError
from catalog.directories import REPOSITORY


@dataclass(frozen=True)
class Settings:
    """What `cairn up` keeps in the stack's configuration, so that plain `pulumi up` does the same."""

    profile: str = ""
    supply: str = "auto"
    set: dict[str, object] = field(default_factory=dict)
    kubeconfig: str = ""
    context: str = ""


OURS = {f"cairn:{key}" for key in vars(Settings())}


@dataclass(frozen=True)
class Record:
    """The settings that the last `up` ran with, from whatever checkout, and when it began: the backend's own word."""

    settings: Settings
    at: datetime


@dataclass(frozen=True)
class Kept:
    """The settings that count, and what to tell a person whose checkout says otherwise."""

    settings: Settings = field(default_factory=Settings)
    told: tuple[str, ...] = ()


def latest(history: list[dict[str, Any]]) -> Record | None:
    """The record of the last `up`, of what `pulumi stack history --json` lists; None if there was none.

    A run that failed counts: the next one goes on from it.
    """
    for update in history:
        if update["kind"] == "update":
            config = {
                key: each.get("objectValue", each.get("value")) for key, each in (update.get("config") or {}).items()
            }
            at = datetime.fromisoformat(update["startTime"])
            return Record(of_config(config, "the last run"), at if at.tzinfo else at.replace(tzinfo=UTC))
    return None


def reconcile(file: Path, record: Record | None) -> Kept:
    """Which settings count: the backend's record, unless this checkout's were changed since.

    Copies lie in every checkout that ran `up`; one that is older than the record is out of date.
    """
    if not file.exists():
        return Kept(record.settings) if record else Kept()
    here = read(file)
    if record is None or here == record.settings:
        return Kept(here)
    differ = ", ".join(differences(here, record.settings))
    if datetime.fromtimestamp(file.stat().st_mtime, UTC) > record.at:
        return Kept(here, (f"{file.name} was changed after the last `up` and counts: {differ}",))
    told = f"{file.name} of this checkout is older than the environment, whose own record counts: {differ}"
    return Kept(record.settings, (told,))


def differences(one: Settings, other: Settings) -> list[str]:
    """The keys in which two settings differ; of overrides, the profile's keys."""
    keys = [key for key in vars(one) if key != "set" and getattr(one, key) != getattr(other, key)]
    return keys + [key for key in {**one.set, **other.set} if one.set.get(key, ...) != other.set.get(key, ...)]


def settings_file(environment: str, directory: Path | None = None) -> Path:
    """The stack's settings in this checkout, or in another directory with the project; git ignores it."""
    return (directory or REPOSITORY) / f"Pulumi.{environment}.yaml"


def read(file: Path) -> Settings:
    """What a settings file says; empty settings when there is none. Needs no `pulumi`."""
    return of_config(content(file).get("config") or {}, str(file))


def content(file: Path) -> dict[str, Any]:
    """All that is in a settings file, Pulumi's keys and a person's among it."""
    return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def render(present: Mapping[str, Any], settings: Settings) -> str:
    """The settings as a file's text, with what else is `present`: the encryption salt, a person's keys."""
    config = {key: value for key, value in (present.get("config") or {}).items() if key not in OURS}
    config |= {f"cairn:{key}": value for key, value in vars(settings).items() if value}
    if settings.set:  # as text: Pulumi hands a map to the program in the order of the alphabet, and the last counts
        config["cairn:set"] = json.dumps(settings.set)
    return yaml.safe_dump({**present, "config": config}, sort_keys=False)


def of_config(config: Mapping[str, Any], where: str) -> Settings:
    """A stack's configuration as settings; `where` is for the complaint."""
    found = {key: config[f"cairn:{key}"] for key in vars(Settings()) if f"cairn:{key}" in config}
    if isinstance(found.get("set"), str):  # a map is how earlier versions kept it
        found["set"] = _overrides(found["set"], where)
    return Settings(**found)


def _overrides(text: str, where: str) -> dict[str, Any]:
    """What a person wrote as the setting `set`: a JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError(
            f"the setting `set` is no JSON object: {text}",
            where=where,
            fix="""pulumi config set set '{"cluster.workers": 2}'""",
        )
    return found


def forget_salt(file: Path) -> None:
    """Take the salt of a stack that is gone out of its settings, unless something there is encrypted with it.

    The passphrase may have gone with the stack, and Pulumi refuses a salt that doesn't belong to its passphrase.
    """
    text = file.read_text() if file.exists() else ""
    if "encryptionsalt:" in text and "secure:" not in text:
        whole = yaml.safe_load(text)
        del whole["encryptionsalt"]
        file.write_text(yaml.safe_dump(whole, sort_keys=False))
