"""The engine's calls about Helm releases."""

from typing import cast

from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import diffing, state
from plugins.kubernetes.answering import UninitializedError
from plugins.kubernetes.checking import Naming
from plugins.kubernetes.configuration import Configuration
from plugins.kubernetes.engine import Engine
from plugins.kubernetes.errors import NotReadyError, ProviderError, UnreachableError
from plugins.kubernetes.object_calls import DELETE_UNREACHABLE
from plugins.kubernetes.releases import IMMUTABLE, Releases, id_of_release
from plugins.kubernetes.values import Properties, decode, encode, reveal_all


class ReleaseCalls:
    """Check, Diff, Create, Read, Update and Delete of Helm releases."""

    def __init__(self, releases: Releases, settings: Configuration, engine: Engine) -> None:
        self._releases = releases
        self._settings = settings
        self._engine = engine

    def check(self, new: Properties, old: Properties, naming: Naming) -> Properties:
        """The inputs to record."""
        return self._releases.check(new, old, naming)

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What changed in the inputs; another name or namespace is another release."""
        old = reveal_all(state.inputs_of(decode(request.old_inputs), decode(request.olds)))
        changes = diffing.compare(old, reveal_all(decode(request.news)), IMMUTABLE)
        return diffing.Difference(changes).response()

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Install a release."""
        inputs = decode(request.properties)
        try:
            made = self._releases.create(inputs, request.urn, request.preview)
        except NotReadyError as error:
            raise UninitializedError(
                id_of_release(inputs), cast(Properties, error.live), str(error), error.reasons
            ) from None
        return provider_pb2.CreateResponse(id=made.resource_id, properties=encode(made.outputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Upgrade a release."""
        try:
            made = self._releases.update(decode(request.news), request.urn, request.preview)
        except NotReadyError as error:
            raise UninitializedError(request.id, cast(Properties, error.live), str(error), error.reasons) from None
        return provider_pb2.UpdateResponse(properties=encode(made.outputs))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """A release as it is. One that is gone has no id."""
        recorded = state.inputs_of(decode(request.inputs), decode(request.properties))
        try:
            found = self._releases.read(request.id, recorded)
        except UnreachableError as error:
            if self._settings.delete_unreachable:
                self._engine.warn(f"{error}; dropped from the state", request.urn)
                return provider_pb2.ReadResponse()
            raise ProviderError(f"{error}; {DELETE_UNREACHABLE}") from None
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=encode(found.outputs), inputs=encode(found.inputs))

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """Uninstall a release."""
        try:
            self._releases.delete(state.inputs_of(decode(request.old_inputs), decode(request.properties)))
        except UnreachableError as error:
            if not self._settings.delete_unreachable:
                raise ProviderError(f"{error}; {DELETE_UNREACHABLE}") from None
            self._engine.warn(f"{error}; dropped from the state", request.urn)
