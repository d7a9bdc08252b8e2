"""The two executables: they start from anywhere, serve, and never outlive their engine."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, provider_pb2_grpc

from tests.plugins.polling import until

BIN = Path(__file__).parents[2] / "plugins" / "bin"
NAMES = ("pulumi-language-python", "pulumi-resource-pulumi-python")
# As the engine starts a plug-in: in a process group of its own, with a pipe as its standard input. Holds it until it is
# killed itself.
HOLDER = """
import subprocess, sys, time
plugin = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0, text=True)
print(plugin.pid, plugin.stdout.readline(), end="", flush=True)
time.sleep(600)
"""


@pytest.fixture
def plugin(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A plug-in started through a link, from another directory, with its address."""
    link = tmp_path / "linked"
    link.symlink_to(BIN / request.param)
    process = subprocess.Popen(
        [str(link), "--logtostderr", "127.0.0.1:1"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
        text=True,
    )
    assert process.stdout
    try:
        yield process, f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("plugin", ["pulumi-language-python"], indirect=True)
def test_the_language_host_answers(plugin: tuple[subprocess.Popen[str], str]) -> None:
    with grpc.insecure_channel(plugin[1]) as channel:
        host = language_pb2_grpc.LanguageRuntimeStub(channel)
        assert host.GetPluginInfo(empty_pb2.Empty()).version.startswith("3.")
        assert host.About(language_pb2.AboutRequest()).executable == sys.executable
        assert not host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages
        installed = list(host.InstallDependencies(language_pb2.InstallDependenciesRequest()))
        assert b"nothing to install" in installed[0].stdout
        names = {
            item.name for item in host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies
        }
        assert "pulumi" in names
        with pytest.raises(grpc.RpcError) as error:
            host.GenerateProgram(language_pb2.GenerateProgramRequest())
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert "generate-code=false" in str(error.value.details())


@pytest.mark.parametrize("plugin", NAMES[1:], indirect=True)
def test_a_provider_answers(plugin: tuple[subprocess.Popen[str], str]) -> None:
    with grpc.insecure_channel(plugin[1]) as channel:
        assert provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty()).version


@pytest.mark.parametrize("plugin", NAMES, indirect=True)
def test_an_interrupt_ends_it_at_once(plugin: tuple[subprocess.Popen[str], str]) -> None:
    # The engine interrupts the group and kills it after five seconds.
    os.killpg(plugin[0].pid, signal.SIGINT)
    plugin[0].wait(5)


@pytest.mark.parametrize("name", NAMES)
def test_no_process_outlives_an_engine_that_is_killed(name: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(BIN / name)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    pid = int(holder.stdout.readline().split()[0])
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    holder.kill()
    holder.wait()
    until(lambda: not any(process.is_running() and process.status() != "zombie" for process in processes))
