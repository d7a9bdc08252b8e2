"""Adds two vectors on the first CUDA device, by the driver alone; prints what it is and whether the sums are right."""

import ctypes
import json

LENGTH = 1 << 20
# c[i] = a[i] + b[i] for i < n. The driver compiles it for the device that is there.
KERNEL = rb"""
.version 7.0
.target sm_50
.address_size 64
.visible .entry add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n) {
  .reg .pred %p; .reg .f32 %f<3>; .reg .b32 %r<5>; .reg .b64 %d<5>;
  ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [c]; ld.param.u32 %r1, [n];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.u32 %r2, %r2, %r3, %r4;
  setp.ge.u32 %p, %r2, %r1;
  @%p ret;
  mul.wide.u32 %d4, %r2, 4;
  add.u64 %d1, %d1, %d4; add.u64 %d2, %d2, %d4; add.u64 %d3, %d3, %d4;
  ld.global.f32 %f1, [%d1]; ld.global.f32 %f2, [%d2];
  add.f32 %f1, %f1, %f2;
  st.global.f32 [%d3], %f1;
  ret;
}
"""


class Cuda:
    """The driver's functions; each call that fails raises with the driver's number."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")

    def __call__(self, function: str, *arguments: object) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            raise SystemExit(f"{function} failed with {status}")


def main() -> None:
    """Prints one line of JSON: the device's name, its memory in MiB, the driver's CUDA version, right sums."""
    try:
        cuda = Cuda()
    except OSError as error:
        raise SystemExit(f"no driver here: {error}") from error
    cuda("cuInit", 0)
    device, context, version = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_int()
    memory, name = ctypes.c_size_t(), ctypes.create_string_buffer(100)
    cuda("cuDeviceGet", ctypes.byref(device), 0)
    cuda("cuDeviceGetName", name, len(name), device)
    cuda("cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    cuda("cuDriverGetVersion", ctypes.byref(version))
    cuda("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    cuda("cuCtxSetCurrent", context)
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    cuda("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(KERNEL))
    cuda("cuModuleGetFunction", ctypes.byref(function), module, b"add")

    vector = ctypes.c_float * LENGTH
    first, second, sums = vector(*range(LENGTH)), vector(*([0.5] * LENGTH)), vector()
    size = ctypes.c_size_t(ctypes.sizeof(vector))
    places = [ctypes.c_uint64() for _ in range(3)]
    for place in places:
        cuda("cuMemAlloc_v2", ctypes.byref(place), size)
    for place, values in zip(places[:2], (first, second), strict=True):
        cuda("cuMemcpyHtoD_v2", place, values, size)
    arguments = [*places, ctypes.c_uint32(LENGTH)]
    pointers = (ctypes.c_void_p * 4)(*(ctypes.addressof(argument) for argument in arguments))
    grid, block = (LENGTH // 256, 1, 1), (256, 1, 1)
    cuda("cuLaunchKernel", function, *grid, *block, 0, None, pointers, None)
    cuda("cuMemcpyDtoH_v2", sums, places[2], size)
    right = all(found == one + 0.5 for found, one in zip(sums, first, strict=True))
    facts = {"device": name.value.decode(), "memory_mib": memory.value >> 20, "cuda": version.value, "right": right}
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
