import json
from pathlib import Path

from smoke_tests.evidence import LEFT_OUT, Check, record, redact

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
