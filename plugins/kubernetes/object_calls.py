"""The engine's calls about objects."""

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import applying, checking, diffing, immutable, pruning, state
from plugins.kubernetes.answering import UninitializedError
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.checking import Naming
from plugins.kubernetes.configuration import Configuration
from plugins.kubernetes.engine import Engine
from plugins.kubernetes.errors import ApiError, NotReadyError, Object, ProviderError, UnreachableError
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.objects import REPLACE_UNREADY, id_of, is_marked
from plugins.kubernetes.values import Properties, decode, encode, has_unknown, mark_secrets, reveal_all
from plugins.kubernetes.waiting import Request

DELETE_UNREACHABLE = (
    "if the cluster is gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true to drop its objects from the state"
)


class ObjectCalls:
    """Check, Diff, Create, Read, Update and Delete of objects of any kind."""

    def __init__(self, objects: Objects, settings: Configuration, engine: Engine) -> None:
        self._objects = objects
        self._settings = settings
        self._engine = engine

    def check(self, kind: Kind, new: Properties, old: Properties, naming: Naming) -> Properties:
        """The inputs to record."""
        return checking.check(kind, new, old, naming, self._settings.namespace, self._is_namespaced)

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What changed in the inputs. Asks the cluster only where an annotation wants a failed Job replaced."""
        if request.old_inputs.fields and request.old_inputs == request.news and not _watches_readiness(request.news):
            return diffing.Difference().response()
        outputs = decode(request.olds)
        old = reveal_all(state.inputs_of(decode(request.old_inputs), outputs))
        new, live = reveal_all(decode(request.news)), state.live_of(outputs)
        kind = Kind.of(new)
        response = diffing.diff_objects(old, new, live, immutable.fields(kind, self._settings.mutable)).response()
        if is_marked(new, REPLACE_UNREADY) and kind == Kind("batch/v1", "Job") and not self._is_ready(live):
            response.changes = provider_pb2.DiffResponse.DIFF_SOME
            response.replaces.append(f'metadata.annotations["{REPLACE_UNREADY}"]')
            response.deleteBeforeReplace = True
        return response

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Make an object; a preview asks the API server with a dry run, where that can be asked."""
        inputs = decode(request.properties)
        plain = reveal_all(inputs)
        if request.preview and not self._can_preview(plain):
            return provider_pb2.CreateResponse(properties=request.properties)
        manager = applying.field_manager(request.urn, plain)
        task = Request(request.urn, request.preview, request.timeout)
        try:
            live = self._objects.create(plain, manager, task)
        except NotReadyError as error:
            outputs = state.outputs(inputs, error.live, str(plain["apiVersion"]), manager)
            message = f"{plain['kind']} {id_of(error.live)} was created, but did not get ready: {error}"
            raise UninitializedError(id_of(error.live), outputs, message, error.reasons) from None
        except ProviderError as error:
            if request.preview and self._is_beyond_preview(error, request.urn):
                return provider_pb2.CreateResponse(properties=request.properties)
            raise _in_context(error, plain, "can't be created") from None
        outputs = state.outputs(inputs, _shown(live, request.preview), str(plain["apiVersion"]), manager)
        return provider_pb2.CreateResponse(id="" if request.preview else id_of(live), properties=encode(outputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Change an object; a preview is a dry run, which fails where the API server would refuse the change."""
        inputs, old = decode(request.news), decode(request.olds)
        plain = reveal_all(inputs)
        if request.preview and not self._can_preview(plain):
            return provider_pb2.UpdateResponse(properties=request.news)
        manager = applying.field_manager(request.urn, plain, old.get(state.FIELD_MANAGER))
        version = str(old.get(state.INITIAL_API_VERSION) or plain["apiVersion"])
        task = Request(request.urn, request.preview, request.timeout, list(request.ignoreChanges))
        try:
            live = self._objects.update(plain, manager, task)
        except NotReadyError as error:
            outputs = state.outputs(inputs, error.live, version, manager)
            message = f"{plain['kind']} {id_of(error.live)} was updated, but did not get ready: {error}"
            raise UninitializedError(id_of(error.live), outputs, message, error.reasons) from None
        except ProviderError as error:
            if request.preview and self._is_beyond_preview(error, request.urn):
                return provider_pb2.UpdateResponse(properties=request.news)
            raise _in_context(error, plain, "can't be updated") from None
        outputs = state.outputs(inputs, _shown(live, request.preview), version, manager)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def read(self, kind: Kind, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """An object as it is. One that is gone has no id; one that is not ready is an initialization error."""
        outputs, old = decode(request.properties), decode(request.inputs)
        recorded = state.inputs_of(old, outputs)
        plain = reveal_all(recorded)
        if "apiVersion" in plain and "kind" in plain:
            kind = Kind.of(plain)
        try:
            live = self._objects.reader.read(kind, request.id)
        except UnreachableError as error:
            if self._settings.delete_unreachable:
                self._engine.warn(f"{error}; dropped from the state", request.urn)
                return provider_pb2.ReadResponse()
            raise ProviderError(f"{error}; {DELETE_UNREACHABLE}") from None
        if live is None:
            return provider_pb2.ReadResponse()
        # An id of one part names an object in the default namespace, whose inputs may leave the namespace out.
        seen = pruning.live_inputs(live, plain) if plain else pruning.imported_inputs(live)
        inputs = mark_secrets(seen, recorded)
        assert isinstance(inputs, dict)
        manager = applying.field_manager(request.urn, plain, outputs.get(state.FIELD_MANAGER))
        version = str(outputs.get(state.INITIAL_API_VERSION) or kind.api_version)
        read = state.outputs(inputs, live, version, manager)
        inputs = read[state.INPUTS]
        assert isinstance(inputs, dict)
        if plain:
            try:
                self._objects.waits.look(plain, live)
            except NotReadyError as error:
                message = f"{kind.name} {request.id} is not ready: {error}"
                raise UninitializedError(request.id, read, message, error.reasons, inputs) from None
        return provider_pb2.ReadResponse(id=request.id, properties=encode(read), inputs=encode(inputs))

    def delete(self, kind: Kind, request: provider_pb2.DeleteRequest) -> None:
        """Delete an object and wait until it is gone."""
        outputs = decode(request.properties)
        inputs = reveal_all(state.inputs_of(decode(request.old_inputs), outputs))
        plain = {"apiVersion": kind.api_version, "kind": kind.name, **inputs}
        try:
            self._objects.delete(plain, request.id, Request(request.urn, timeout=request.timeout))
        except UnreachableError as error:
            if not self._settings.delete_unreachable:
                raise ProviderError(f"{error}; {DELETE_UNREACHABLE}") from None
            self._engine.warn(f"{error}; dropped from the state", request.urn)

    def _is_namespaced(self, kind: Kind) -> bool:
        try:
            return self._objects.discovery.find(kind).namespaced
        except ProviderError:
            # Its definition is not there yet, most likely; the API server corrects a wrong guess.
            return True

    def _can_preview(self, plain: Object) -> bool:
        """Whether the API server can be asked: all is known, and the kind is served already."""
        if has_unknown(plain):
            return False
        try:
            return self._objects.discovery.serves(Kind.of(plain))
        except UnreachableError:
            return False

    def _is_beyond_preview(self, error: ProviderError, urn: str) -> bool:
        """Whether a dry run failed for what says nothing about the real run; then the inputs are the preview."""
        if isinstance(error, UnreachableError) or (isinstance(error, ApiError) and error.is_webhook_down):
            self._engine.warn(f"the preview could not be checked: {error}", urn)
            return True
        return isinstance(error, ApiError) and (error.is_missing_namespace or error.code in (401, 403))

    def _is_ready(self, live: Object) -> bool:
        seen = self._objects.reader.read(Kind.of(live), id_of(live))
        if seen is None:
            return False
        try:
            self._objects.waits.look({**live, "metadata": {}}, seen)
        except NotReadyError:
            return False
        return True


def _watches_readiness(news: struct_pb2.Struct) -> bool:
    return is_marked(reveal_all(decode(news)), REPLACE_UNREADY)


def _shown(live: Object, preview: bool) -> Object:
    """A dry run's empty status is no status."""
    return {key: value for key, value in live.items() if key != "status"} if preview else live


def _in_context(error: ProviderError, plain: Object, what: str) -> ProviderError:
    return ProviderError(f"{plain['kind']} {id_of(plain)} {what}: {error}")
