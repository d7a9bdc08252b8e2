"""The language host's service: what the engine asks about programs, and running them."""

# Method names are the protocol's.
# ruff: noqa: N802

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, language_pb2_grpc, plugin_pb2

from plugins.language.runner import Runner

VERSION = metadata.version("pulumi")
Context = grpc.ServicerContext


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """LanguageRuntime for programs that run in this checkout's Python environment.

    What a program needs to run is supported. What is not (writing programs, packages, component plug-ins) is refused
    with UNIMPLEMENTED and a message that names it.
    """

    def __init__(self, runner: Runner, engine: str | None) -> None:
        self._runner = runner
        self._engine = engine

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: Context
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the address of the engine."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def About(self, request: language_pb2.AboutRequest, context: Context) -> language_pb2.AboutResponse:
        """The Python that runs programs."""
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: Context
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None to be downloaded: plug-ins are asked for as resources need them, and found on PATH."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: Context
    ) -> language_pb2.GetRequiredPluginsResponse:
        """The same, for engines before packages."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        """The version of the SDK that programs run on."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def Run(self, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:
        """Run a program in a process of its own, which ends when the engine gives up on it."""
        self._log(f"Cairn's stand-in for Pulumi's Python language host runs the program on {sys.executable}")
        if not request.args and self._engine:
            request.args.append(self._engine)
        run = self._runner.run(request)
        if not context.add_callback(run.kill):
            run.kill()
        return run.result()

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: Context
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Nothing to install: programs run in the environment that this host itself runs in."""
        yield language_pb2.InstallDependenciesResponse(
            stdout=f"nothing to install: programs run in {sys.prefix} (`make up` keeps it up to date)\n".encode()
        )

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: Context
    ) -> language_pb2.RuntimeOptionsResponse:
        """No options: there is one environment."""
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: language_pb2.TemplateRequest, context: Context) -> language_pb2.TemplateResponse:
        """A template needs no change for this host."""
        return language_pb2.TemplateResponse()

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: Context
    ) -> language_pb2.GetProgramDependenciesResponse:
        """Every distribution in the environment, for `pulumi about`."""
        found = {distribution.name: distribution.version for distribution in metadata.distributions()}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version) for name, version in sorted(found.items())
            ]
        )

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: Context
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Plug-ins written in Python are not run."""
        _refuse(context, "running a plug-in that is written in Python")
        yield language_pb2.RunPluginResponse()

    def GenerateProgram(
        self, request: language_pb2.GenerateProgramRequest, context: Context
    ) -> language_pb2.GenerateProgramResponse:
        """Programs are not generated."""
        _refuse(context, "generating a program (import with --generate-code=false)")
        return language_pb2.GenerateProgramResponse()

    def GenerateProject(
        self, request: language_pb2.GenerateProjectRequest, context: Context
    ) -> language_pb2.GenerateProjectResponse:
        """Projects are not generated."""
        _refuse(context, "generating a project")
        return language_pb2.GenerateProjectResponse()

    def GeneratePackage(
        self, request: language_pb2.GeneratePackageRequest, context: Context
    ) -> language_pb2.GeneratePackageResponse:
        """Packages are not generated."""
        _refuse(context, "generating a package")
        return language_pb2.GeneratePackageResponse()

    def Pack(self, request: language_pb2.PackRequest, context: Context) -> language_pb2.PackResponse:
        """Packages are not packed."""
        _refuse(context, "packing a package")
        return language_pb2.PackResponse()

    def Link(self, request: language_pb2.LinkRequest, context: Context) -> language_pb2.LinkResponse:
        """Packages are not linked."""
        _refuse(context, "linking a package")
        return language_pb2.LinkResponse()

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """Nothing to cancel: the engine stops answering the program, which then ends."""
        return empty_pb2.Empty()

    def _log(self, message: str) -> None:
        if self._engine:
            with grpc.insecure_channel(self._engine) as channel:
                engine_pb2_grpc.EngineStub(channel).Log(
                    engine_pb2.LogRequest(severity=engine_pb2.DEBUG, message=message)
                )


def _refuse(context: Context, what: str) -> None:
    message = f"Cairn's stand-in for Pulumi's Python language host does not support {what}; the official one does"
    context.abort(grpc.StatusCode.UNIMPLEMENTED, message)
