# SPDX-License-Identifier: Apache-2.0
"""Float ONNX models node by node, and their int8 forms as ONNX Runtime calibrates them; for digits_models.py, large_models.py."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static


class Graph:
    """Nodes with one output in the order in which they are added, and their constants."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, array, dtype=np.float32):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(array, dtype, order="C"), name))
        return name

    def shape(self, *dims):
        return self.constant(dims, np.int64)

    def add(self, op, *inputs, output=None, **attributes):
        name = output or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def model(self, name, inputs, outputs):
        """Inputs and outputs: name to shape."""
        value = helper.make_tensor_value_info
        graph = helper.make_graph(self.nodes, name, [value(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
                                  [value(n, TensorProto.FLOAT, s) for n, s in outputs.items()], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


class Feeds(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def quantize(path, feeds, folder, name):
    """NAME_s8s8.onnx and NAME_u8s8.onnx: QDQ with int8 or uint8 activations and int8 weights per channel."""
    for suffix, activation in (("s8s8", QuantType.QInt8), ("u8s8", QuantType.QUInt8)):
        quantized = folder / f"{name}_{suffix}.onnx"
        quantize_static(path, quantized, Feeds(feeds), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=activation, weight_type=QuantType.QInt8,
                        extra_options={"ActivationSymmetric": activation == QuantType.QInt8})
        yield quantized
