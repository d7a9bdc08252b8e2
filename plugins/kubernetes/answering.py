"""How errors reach the engine."""

import functools
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from plugins.kubernetes.errors import ProviderError
from plugins.kubernetes.values import Properties, UnsupportedValueError, encode

Servicer = TypeVar("Servicer")
Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(eq=False)
class UninitializedError(Exception):
    """A resource exists but did not get ready: the engine records it, and the next run tries again."""

    resource_id: str
    outputs: Properties
    message: str
    reasons: list[str]
    inputs: Properties | None = None


def answered(
    method: Callable[[Servicer, Request, grpc.ServicerContext], Response],
) -> Callable[[Servicer, Request, grpc.ServicerContext], Response]:
    """Turn what a call raises into the engine's error: known errors by their words, unknown ones by their place.

    The text of an unknown error is left out, since it may quote a secret value.
    """

    @functools.wraps(method)
    def call(self: Servicer, request: Request, context: grpc.ServicerContext) -> Response:
        code, message = grpc.StatusCode.UNKNOWN, ""
        try:
            return method(self, request, context)
        except UninitializedError as error:
            message = error.message
            context.set_trailing_metadata((("grpc-status-details-bin", _details(error, code)),))
        except (ProviderError, UnsupportedValueError) as error:
            message = str(error)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            print("".join(traceback.format_tb(error.__traceback__)), file=sys.stderr)
            code = grpc.StatusCode.INTERNAL
            message = (
                f"a fault in Cairn's stand-in for the Kubernetes plug-in: {type(error).__name__} "
                f"at {frame.filename}:{frame.lineno}"
            )
        context.abort(code, message)
        raise AssertionError("abort returned")

    return call


def _details(error: UninitializedError, code: grpc.StatusCode) -> bytes:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=encode(error.outputs),
        reasons=error.reasons,
        inputs=encode(error.inputs) if error.inputs is not None else None,
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    return status_pb2.Status(code=code.value[0], message=error.message, details=[packed]).SerializeToString()
