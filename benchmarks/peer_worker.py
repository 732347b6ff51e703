#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One runtime with one model, loaded once and then asked for rounds; compare.py starts these.

    peer_worker.py RUNTIME PATH MODEL CPU

The first line on stdout is {"version"} or {"error"}. Every line on stdin is a number of seconds and is answered by one line
{"min_us", "median_us", "runs"}; the input is set beforehand and is not part of the time. Each runtime is entered below its
Python conveniences, so that what is timed is the library's call and less than a microsecond around it.
"""
import json
import math
import os
import sys
import time

BATCH_NS = 10_000  # calls shorter than this are timed in batches that are not


def random_array(numpy, shape, dtype):
    rng = numpy.random.default_rng(1)
    dtype = numpy.dtype(dtype)
    if dtype.kind in "iu":
        limits = numpy.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    return rng.random(shape, dtype=dtype)


def load_litert(path, model):
    import importlib.metadata

    import numpy
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    version = importlib.metadata.version("ai-edge-litert")
    if path in ("xnnpack", "builtin"):
        resolver = (OpResolverType.AUTO if path == "xnnpack" else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
        interpreter = Interpreter(model, num_threads=1, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], random_array(numpy, detail["shape"], detail["dtype"]))
        return version, interpreter._interpreter.Invoke

    from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Options
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    cpu = CpuOptions(num_threads=1, enable_ynnpack=path == "ynnpack")
    compiled = CompiledModel.from_file(model, options=Options(hardware_accelerators=HardwareAccelerator.CPU,
                                                              cpu_options=cpu))
    buffers = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    for buffer, detail in zip(buffers[0], compiled.get_input_tensor_details(
            compiled.get_signature_by_index(0)["key"]).values()):
        buffer.write(random_array(numpy, detail["shape"], detail["dtype"]))
    capsules = [[buffer.capsule for buffer in side] for side in buffers]
    run = compiled._model.RunByIndex

    def call(_keep=(compiled, buffers)):
        run(0, *capsules)
    return version, call


def load_onnxruntime(path, model):
    import numpy
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": numpy.float32, "tensor(int8)": numpy.int8, "tensor(uint8)": numpy.uint8}
    inputs = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else 1 for size in value.shape]
        inputs[value.name] = random_array(numpy, shape, types[value.type])
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_cpu_input(name, array)
    for output, array in zip(session.get_outputs(), session.run(None, inputs)):
        value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        binding.bind_ortvalue_output(output.name, value)
    run, bound = session._sess.run_with_iobinding, binding._iobinding

    def call(_keep=(session, binding, inputs)):
        run(bound, None)
    return onnxruntime.__version__, call


def load_openvino(path, model):
    import numpy
    import openvino
    import openvino._pyopenvino as native
    core = openvino.Core()
    network = core.read_model(model)
    for port in network.inputs:
        if port.partial_shape.is_dynamic:
            network.reshape({port: [1 if size.is_dynamic else size.get_length() for size in port.partial_shape]})
    compiled = core.compile_model(network, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False})
    request = compiled.create_infer_request()
    for tensor in request.input_tensors:
        tensor.data[:] = random_array(numpy, tensor.data.shape, tensor.data.dtype)
    run = native.InferRequest.infer

    def call(_keep=(compiled, request)):
        run(request, {}, True, False)
    return openvino.__version__.split("-")[0], call


# What each runtime is tried with; compare.py keeps the fastest.
PATHS = {
    "litert": (load_litert, (".tflite",), ("xnnpack", "compiled", "ynnpack", "builtin")),
    "onnxruntime": (load_onnxruntime, (".onnx",), ("cpu",)),
    "openvino": (load_openvino, (".tflite", ".onnx"), ("cpu",)),
}


def measure(call, seconds):
    """Times per inference, in microseconds, over about `seconds`; the first fifth warms up."""
    clock = time.perf_counter_ns
    end = clock() + int(seconds * 0.2e9)
    fastest = math.inf
    while fastest is math.inf or clock() < end:
        start = clock()
        call()
        fastest = min(fastest, clock() - start)
    batch = range(max(1, math.ceil(BATCH_NS / fastest)))
    times = []
    end = clock() + int(seconds * 0.8e9)
    while not times or clock() < end:
        start = clock()
        for _ in batch:
            call()
        times.append(clock() - start)
    times.sort()
    unit = len(batch) * 1000
    return {"min_us": times[0] / unit, "median_us": times[len(times) // 2] / unit, "runs": len(times) * len(batch)}


def main():
    runtime, path, model, cpu = sys.argv[1:]
    os.sched_setaffinity(0, {int(cpu)})  # before the runtime counts processors
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries also print to stdout
    try:
        version, call = PATHS[runtime][0](path, model)
        call()
    except Exception as error:  # whatever the runtime does not support is a reason to leave it out, with its words
        text = " ".join(str(error).split()) or type(error).__name__
        print(json.dumps({"error": text[:300]}), file=answers)
        return 1
    print(json.dumps({"version": version}), file=answers)
    for line in sys.stdin:
        print(json.dumps(measure(call, float(line))), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
