import base64
import json
from pathlib import Path

from smoke_tests.support.environment import credentials
from smoke_tests.support.evidence import LEFT_OUT, Check, canaries, leaks, record, redact

WEB_TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJ0ZWFtLWEiLCJleHAiOjF9.c2lnbmF0dXJl"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"


def test_known_secrets_are_left_out_wherever_they_stand() -> None:
    assert redact("a s3cret-value and again:s3cret-value.", ["s3cret-value"]) == f"a {LEFT_OUT} and again:{LEFT_OUT}."


def test_short_known_texts_stay_because_they_would_blank_out_half_of_the_log() -> None:
    assert redact("a cat", ["a"]) == "a cat"


def test_what_has_a_credentials_form_is_left_out_though_nobody_named_it() -> None:
    for text in (WEB_TOKEN, KEY, f"Authorization: Bearer {WEB_TOKEN[:20]}x", "RAY_AUTH_TOKEN: 0123456789abcdef"):
        redacted = redact(f"before {text} after")
        assert LEFT_OUT in redacted
        assert "0123456789abcdef" not in redacted
        assert "eyJ" not in redacted
        assert "b3Blb" not in redacted
        assert redacted.startswith("before")


def test_ordinary_text_is_kept() -> None:
    text = "pod smoke-1 failed: tokens are counted; insufficient quota for cpu in flavor default"
    assert redact(text) == text


def test_a_key_is_recognised_by_its_lines_and_not_by_its_frame() -> None:
    line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{line}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert canaries([key]) == [line, base64.b64encode(line.encode()).decode().rstrip("=")]


def test_a_file_that_holds_a_secret_is_named_in_base64_too(tmp_path: Path) -> None:
    password, key = "0123456789abcdefghijklmnopqrstuv", f"-----BEGIN X-----\n{'k' * 64}\n-----END X-----"
    texts = {"clean": "abcdefghijkl", "password": f"x={password}!", "key": f'"{"k" * 64}\\n"'}
    texts["below/encoded"] = base64.b64encode(password.encode()).decode()
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = leaks([tmp_path], [password, key])
    assert found == sorted(str(tmp_path / name) for name in texts if name != "clean")


def test_the_stacks_credentials_are_its_passwords_and_private_keys() -> None:
    def secret(text: str) -> dict[str, str]:
        return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(text)}

    dynamic = "pulumi-python:dynamic"
    resources = [
        {"type": f"{dynamic}/cairn:Password", "inputs": {"value": ""}, "outputs": {"value": secret("word")}},
        {"type": f"{dynamic}/cairn:KeyPair", "outputs": {"private_key": secret("key"), "certificate": "public"}},
        {"type": "kubernetes:core/v1:ConfigMap", "outputs": {"value": "no secret"}},
    ]
    assert list(credentials({"deployment": {"resources": resources}})) == ["word", "key"]


def test_every_check_is_one_line_of_json(tmp_path: Path) -> None:
    check = Check("test_a", "ray", "skipped", 0.5, "laptop", {"ray": "v1"}, "SIMULATED", "one node\nonly")
    record(tmp_path, check)
    record(tmp_path, check)
    lines = (tmp_path / "checks.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "test": "test_a",
        "module": "ray",
        "outcome": "skipped",
        "seconds": 0.5,
        "environment": "laptop",
        "versions": {"ray": "v1"},
        "accelerators": "SIMULATED",
        "reason": "one node\nonly",
    }
