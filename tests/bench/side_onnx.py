"""ONNX Runtime: inference of the same networks, written with the onnx helpers from the same description and weights."""
import os
import tempfile
import time

import networks
import sides

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class OnnxRuntime(sides.Side):
    def version(self):
        return f"ONNX Runtime {onnxruntime.__version__} (CPUExecutionProvider)"

    def prepare(self, task, variant):
        if task["kind"] != "infer" or task["net"].startswith("lstm"):
            return super().prepare(task, variant)
        net = networks.NETWORKS[task["net"]]()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.onnx")
            self.save(task, path)
            if task.get("int8"):
                path = quantized(net, path, os.path.join(folder, "int8.onnx"))
            return Inference(path, net, task["batch"], self.threads)

    def save(self, task, path):
        onnx.save(graph_of(networks.NETWORKS[task["net"]]()), path)

    def load(self, task, path):
        return Inference(path, networks.NETWORKS[task["net"]](), task["batch"], self.threads)


class Inference(sides.Prepared):
    def __init__(self, path, net, batch, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.feed = {"x": np.ascontiguousarray(networks.samples(net, batch).transpose(0, 3, 1, 2))}
        self.kernel = "MLAS, all graph optimizations"

    def run(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.out = self.session.run(None, self.feed)[0]
        return time.perf_counter() - start

    def result(self):
        return self.out


# ---- the graph ----


def graph_of(net):
    """An ONNX model of a description: [N, C, H, W], its rows of dense kernels turned to that order."""
    nodes, initializers = [], []
    arrays = networks.weights(net)

    def constant(name, value):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    names = ["x"]
    for node in net.nodes[1:]:
        inputs = [names[i] for i in node["inputs"]]
        values = arrays.get(node["name"])
        made, out = convert(net, node, inputs, values, constant)
        nodes += made
        names.append(out)
    shape = ["batch", net.input_shape[2], *net.input_shape[:2]]
    graph = helper.make_graph(nodes, net.name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, ["batch", net.nodes[-1]["shape"][-1]])],
                              initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def convert(net, node, inputs, values, constant):
    """([nodes], name of the output) of one node of the description."""
    op, name = node["op"], node["name"]
    if op == "conv":
        weights = [constant(f"{name}/kernel", values[0].transpose(3, 2, 0, 1))] + [constant(f"{name}/bias", v) for v in values[1:]]
        made = [helper.make_node("Conv", inputs + weights, [name], kernel_shape=[node["kernel"]] * 2, strides=[node["strides"]] * 2,
                                 pads=pads_of(node), group=node["groups"])]
        return activated(made, name, node["activation"])
    if op == "dense":
        kernel, source = values[0], net.nodes[node["inputs"][0]]
        if source["op"] == "flatten":
            h, w, c = source["from_shape"]
            kernel = kernel.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        made = [helper.make_node("Gemm", inputs + [constant(f"{name}/kernel", kernel), constant(f"{name}/bias", values[1])], [name])]
        return activated(made, name, node["activation"])
    if op == "bn":
        fields = [constant(f"{name}/{i}", v) for i, v in enumerate(values)]
        return [helper.make_node("BatchNormalization", inputs + fields, [name], epsilon=networks.BN_EPSILON)], name
    if op == "maxpool":
        return [helper.make_node("MaxPool", inputs, [name], kernel_shape=[node["size"]] * 2, strides=[node["strides"]] * 2,
                                 pads=pads_of(node))], name
    if op == "gap":
        pooled, flat = f"{name}/pooled", name
        return [helper.make_node("GlobalAveragePool", inputs, [pooled]), helper.make_node("Flatten", [pooled], [flat])], flat
    kinds = {"relu": "Relu", "add": "Add", "flatten": "Flatten", "dropout": "Identity"}
    return [helper.make_node(kinds[op], inputs, [name])], name


def pads_of(node):
    (top, bottom), (left, right) = node["pads"]
    return [top, left, bottom, right]


def activated(made, name, activation):
    kind = {"linear": None, "relu": "Relu", "softmax": "Softmax"}[activation]
    if not kind:
        return made, name
    return made + [helper.make_node(kind, [name], [f"{name}/{activation}"])], f"{name}/{activation}"


# ---- int8 ----


def quantized(net, path, to):
    """The model with int8 weights and activations, their ranges from eight samples."""
    from onnxruntime import quantization

    class Samples(quantization.CalibrationDataReader):
        def __init__(self):
            self.left = iter(networks.samples(net, 8).transpose(0, 3, 1, 2))

        def get_next(self):
            found = next(self.left, None)
            return None if found is None else {"x": np.ascontiguousarray(found[None])}

    quantization.quantize_static(path, to, Samples(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    return to
