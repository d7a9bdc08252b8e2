"""The provider's service: the engine's calls, turned into work on objects and releases, and back."""

# Method names are the protocol's.
# ruff: noqa: N802

import json
import threading
from importlib import metadata

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from plugins.kubernetes import configuration
from plugins.kubernetes.answering import answered
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.checking import Naming
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.configuration import Configuration
from plugins.kubernetes.engine import Engine
from plugins.kubernetes.errors import ProviderError
from plugins.kubernetes.helm import Helm
from plugins.kubernetes.kinds import RELEASE, Kind
from plugins.kubernetes.object_calls import ObjectCalls
from plugins.kubernetes.release_calls import ReleaseCalls
from plugins.kubernetes.releases import Releases
from plugins.kubernetes.values import decode, encode

VERSION = metadata.version("pulumi-kubernetes")
Context = grpc.ServicerContext


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider; the engine calls it from many threads."""

    def __init__(self, engine_address: str | None = None) -> None:
        self._engine = Engine(engine_address)
        self._cancelled = threading.Event()
        self._configuration: Configuration | None = None
        self._objects: ObjectCalls | None = None
        self._releases: ReleaseCalls | None = None

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Take the engine's address, and say what is understood."""
        self._engine = Engine(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def Attach(self, request: plugin_pb2.PluginAttach, context: Context) -> empty_pb2.Empty:
        """Take the engine's address."""
        self._engine = Engine(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        """The version of the official plug-in whose place this takes: that of its SDK here."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Context) -> provider_pb2.GetSchemaResponse:
        """A schema without resources: nothing generates code from this plug-in."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "kubernetes", "version": VERSION}))

    def GetMapping(self, request: provider_pb2.GetMappingRequest, context: Context) -> provider_pb2.GetMappingResponse:
        """No mapping."""
        return provider_pb2.GetMappingResponse()

    def GetMappings(
        self, request: provider_pb2.GetMappingsRequest, context: Context
    ) -> provider_pb2.GetMappingsResponse:
        """No mappings."""
        return provider_pb2.GetMappingsResponse()

    @answered
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """Refuse what is not supported."""
        return provider_pb2.CheckResponse(inputs=request.news, failures=configuration.check(decode(request.news)))

    @answered
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """Tell whether it is another cluster."""
        return configuration.diff(decode(request.olds), decode(request.news))

    @answered
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> provider_pb2.ConfigureResponse:
        """Read the configuration. The cluster is not asked anything yet."""
        settings = configuration.read(decode(request.args))
        cluster = Cluster(settings.kubeconfig, warn=self._engine.warn)
        objects = Objects(cluster, self._cancelled, status=self._engine.status)
        helm = Helm(cluster, self._cancelled, settings.helm_environment)
        releases = Releases(helm, objects, settings.namespace, status=self._engine.status)
        self._configuration = settings
        self._objects = ObjectCalls(objects, settings, self._engine)
        self._releases = ReleaseCalls(releases, settings, self._engine)
        self._engine.debug(f"Cairn's stand-in for Pulumi's Kubernetes plug-in is in use, in the place of {VERSION}")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @answered
    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        """The inputs to record."""
        naming = Naming(
            request.name or request.urn.rpartition("::")[2],
            request.randomSeed,
            request.autonaming.proposed_name,
            request.HasField("autonaming")
            and request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
        )
        new, old = decode(request.news), decode(request.olds)
        if _is_release(request):
            inputs = self._release_calls.check(new, old, naming)
        else:
            inputs = self._object_calls.check(_kind(request), new, old, naming)
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    @answered
    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        """What changed in the inputs."""
        if _is_release(request):
            return self._release_calls.diff(request)
        return self._object_calls.diff(request)

    @answered
    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        """Make it, and wait until it is ready."""
        if _is_release(request):
            return self._release_calls.create(request)
        return self._object_calls.create(request)

    @answered
    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        """What there is, for a refresh or an import."""
        if _is_release(request):
            return self._release_calls.read(request)
        return self._object_calls.read(_kind(request), request)

    @answered
    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        """Change it, and wait until it is ready."""
        if _is_release(request):
            return self._release_calls.update(request)
        return self._object_calls.update(request)

    @answered
    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        """Delete it, and wait until it is gone."""
        if _is_release(request):
            self._release_calls.delete(request)
        else:
            self._object_calls.delete(_kind(request), request)
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        """Give up every wait."""
        self._cancelled.set()
        return empty_pb2.Empty()

    @answered
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        """Not supported."""
        raise _unsupported(f"the function {request.tok}")

    @answered
    def Call(self, request: provider_pb2.CallRequest, context: Context) -> provider_pb2.CallResponse:
        """Not supported."""
        raise _unsupported(f"the method {request.tok}")

    @answered
    def Construct(self, request: provider_pb2.ConstructRequest, context: Context) -> provider_pb2.ConstructResponse:
        """Not supported."""
        raise _unsupported(f"the component {request.type}")

    @answered
    def Parameterize(
        self, request: provider_pb2.ParameterizeRequest, context: Context
    ) -> provider_pb2.ParameterizeResponse:
        """Not supported."""
        raise _unsupported("a parameterized package")

    @property
    def _object_calls(self) -> ObjectCalls:
        if self._objects is None:
            raise ProviderError("the provider was not configured")
        return self._objects

    @property
    def _release_calls(self) -> ReleaseCalls:
        if self._releases is None:
            raise ProviderError("the provider was not configured")
        return self._releases


def _unsupported(what: str) -> ProviderError:
    return ProviderError(
        f"{what} is not supported by Cairn's stand-in for the Kubernetes plug-in: "
        "write the objects themselves, or a helm.sh/v3:Release"
    )


def _type(request: object) -> str:
    """The type token: the engine's field, or the last type in the URN (before it come the parents' types)."""
    urn = str(getattr(request, "urn", ""))
    return str(getattr(request, "type", "")) or urn.split("::")[2].rpartition("$")[2]


def _is_release(request: object) -> bool:
    return _type(request) == f"kubernetes:{RELEASE}"


def _kind(request: object) -> Kind:
    try:
        return Kind.of_type(_type(request))
    except ValueError:
        raise ProviderError(f"not a Kubernetes type: {_type(request)}") from None
