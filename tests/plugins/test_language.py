"""The Python language host: running programs, and what a person reads when one fails."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import psutil
import pulumi
import pytest
from pulumi.runtime.proto import engine_pb2_grpc, language_pb2, language_pb2_grpc, resource_pb2_grpc

from plugins.language.program import explain
from tests.plugins.fake_engine import Engine
from tests.plugins.polling import until


class ProfileMistakeError(Exception):
    user_message = True


class Refusal(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "no"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ProfileMistakeError("unknown key"), "unknown key"),
        (caused(RuntimeError("wrapped"), ProfileMistakeError("unknown key")), "unknown key"),
        (pulumi.RunError("said already"), "said already"),
        (SystemExit(0), None),
        (SystemExit(), None),
        (SystemExit("why"), "the program exited: why"),
        (Refusal(grpc.StatusCode.UNAVAILABLE), None),
        (Refusal(grpc.StatusCode.INTERNAL), "the engine refused: no"),
    ],
)
def test_what_a_person_reads_when_a_program_fails(error: BaseException, text: str | None) -> None:
    assert explain(error) == text


def test_a_fault_of_the_program_comes_with_its_traceback() -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError as error:
        text = explain(error)
    assert text is not None
    assert text.startswith("Traceback")
    assert "1 // 0" in text


class Host:
    """A language host in its own process, with the engine that it talks to."""

    def __init__(self, engine: Engine, address: str, stub: language_pb2_grpc.LanguageRuntimeStub, pid: int) -> None:
        self.engine = engine
        self.pid = pid
        self._address = address
        self._stub = stub

    def start(self, directory: Path, program: str) -> Any:
        """Begin to run a program; the call's `result()` is the host's response."""
        (directory / "__main__.py").write_text(program)
        info = language_pb2.ProgramInfo(
            root_directory=str(directory), program_directory=str(directory), entry_point="."
        )
        request = language_pb2.RunRequest(
            project="p", stack="s", pwd=str(directory), info=info, parallel=1,
            monitor_address=self._address, args=[self._address], config={"p:word": "hello"},
        )  # fmt: skip
        return self._stub.Run.future(request, timeout=60)

    def run(self, directory: Path, program: str) -> language_pb2.RunResponse:
        """Run a program to its end."""
        response = self.start(directory, program).result()
        assert isinstance(response, language_pb2.RunResponse)
        return response


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    launcher = Path(__file__).parents[2] / "plugins/bin/pulumi-language-python"
    with subprocess.Popen(
        [launcher, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield Host(engine, address, language_pb2_grpc.LanguageRuntimeStub(channel), process.pid)
        process.terminate()
    server.stop(0)


def test_a_program_runs_in_its_directory_with_its_configuration(host: Host, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("WORD = 'found'")
    program = """
import os, sys, pulumi, beside
pulumi.export("directory", os.getcwd())
pulumi.export("path", sys.path[0])
pulumi.export("beside", beside.WORD)
pulumi.export("word", pulumi.Config().require("word"))
pulumi.export("executable", sys.executable)
"""
    assert host.run(tmp_path, program) == language_pb2.RunResponse()
    assert host.engine.outputs == {
        "directory": str(tmp_path),
        "path": str(tmp_path),
        "beside": "found",
        "word": "hello",
        "executable": sys.executable,
    }


def test_a_second_run_starts_afresh(host: Host, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text("import pulumi\npulumi.export('imported', True)")
    for _ in range(2):
        host.engine.outputs = {}
        host.run(tmp_path, "import counter")
        assert host.engine.outputs == {"imported": True}


def test_a_persons_mistake_is_one_clean_message(host: Host, tmp_path: Path) -> None:
    host.engine.messages.clear()
    program = """
class ProfileError(Exception):
    user_message = True
raise ProfileError("profiles/laptop.yaml: unknown key 'teems'; did you mean 'teams'?")
"""
    assert host.run(tmp_path, program).bail
    assert host.engine.messages == ["profiles/laptop.yaml: unknown key 'teems'; did you mean 'teams'?"]


def test_a_mistake_inside_an_apply_is_one_clean_message_too(host: Host, tmp_path: Path) -> None:
    host.engine.messages.clear()
    program = """
import pulumi
class ProfileError(Exception):
    user_message = True
def fail(_):
    raise ProfileError("no such team")
pulumi.export("a", pulumi.Output.from_input(1).apply(fail))
"""
    assert host.run(tmp_path, program).bail
    assert host.engine.messages == ["no such team"]


def test_a_traceback_starts_at_the_program(host: Host, tmp_path: Path) -> None:
    host.engine.messages.clear()
    assert host.run(tmp_path, "1 / 0").bail
    [message] = host.engine.messages
    assert "ZeroDivisionError" in message
    assert "runpy" not in message
    assert "plugins/language" not in message


def test_a_program_that_dies_is_an_error(host: Host, tmp_path: Path) -> None:
    assert "ended before" in host.run(tmp_path, "import os; os._exit(3)").error


def test_a_run_that_the_engine_gives_up_ends_its_process(host: Host, tmp_path: Path) -> None:
    call = host.start(tmp_path, "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)")
    written = tmp_path / "pid"
    until(lambda: written.exists() and bool(written.read_text()))
    process = psutil.Process(int(written.read_text()))
    call.cancel()
    until(lambda: not process.is_running())
