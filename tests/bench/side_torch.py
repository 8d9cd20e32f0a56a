"""PyTorch: products, convolutions and their gradients, training and inference; contiguous and channels_last, whichever is faster."""
import contextlib
import ctypes
import os
import re
import tempfile
import time

import networks
import sides
from sides import Skip

import torch
from torch.nn import functional

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@contextlib.contextmanager
def standard_output():
    """What C code prints meanwhile, as a list with one string when it is over."""
    libc, found, keep = ctypes.CDLL(None), [], os.dup(1)
    with tempfile.TemporaryFile() as f:
        libc.fflush(None)
        os.dup2(f.fileno(), 1)
        try:
            yield found
        finally:
            libc.fflush(None)
            os.dup2(keep, 1)
            os.close(keep)
            f.seek(0)
            found.append(f.read().decode("utf-8", "replace"))


def kernels_of(run):
    """The implementations that oneDNN names while run() runs, or MKL's line about the CPU."""
    with standard_output() as text, torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
        run()
    found = re.findall(r"onednn_verbose,[^\n]*?exec,cpu,(?:convolution|matmul|inner_product),([^,]+)", text[0])
    return ", ".join(dict.fromkeys(found)) or "ATen"


class Torch(sides.Side):
    def __init__(self, config):
        super().__init__(config)
        torch.set_num_threads(self.threads)
        torch.set_num_interop_threads(1)

    def version(self):
        text = torch.__config__.show()
        parts = re.findall(r"(MKL-DNN v[\d.]+|oneAPI Math Kernel Library Version [\d.]+|CPU capability usage: \w+)", text)
        return f"PyTorch {torch.__version__} ({'; '.join(parts)})"

    def variants(self, task):
        if task["kind"] == "gemm" or task.get("net", "").startswith("lstm"):
            return ["contiguous, eager" if task["kind"] == "infer" else "contiguous"]
        if task["kind"] == "infer":
            return [f"{layout}, {mode}" for layout in LAYOUTS for mode in ("eager", "frozen")]
        return list(LAYOUTS)

    def prepare(self, task, variant):
        if task["kind"] == "gemm":
            return Product(task)
        if task["kind"] == "conv2d":
            return Convolution(task, variant)
        if task.get("int8"):
            raise Skip("int8 is compared with ONNX Runtime alone")
        net = networks.NETWORKS[task["net"]]()
        return (Training if task["kind"] == "train" else Inference)(net, task["batch"], variant)


class Timed(sides.Prepared):
    def run(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.once()
        return time.perf_counter() - start


class Product(Timed):
    def __init__(self, task):
        a, b = (torch.from_numpy(v) for v in sides.gemm_arrays(task))
        self.a, self.b = (a.t() if task["ta"] else a), (b.t() if task["tb"] else b)
        self.c = torch.empty(task["m"], task["n"])
        self.kernel = "torch.mm, " + ("MKL" if torch.backends.mkl.is_available() else kernels_of(self.once))

    def once(self):
        torch.mm(self.a, self.b, out=self.c)

    def result(self):
        return self.c.numpy()


class Convolution(Timed):
    """Arrays are brought into the layout beforehand; oneDNN's reorders inside of a call count, as in every use of PyTorch."""

    def __init__(self, task, variant):
        layout = LAYOUTS[variant]
        x, w, dy = (torch.from_numpy(v) for v in sides.conv_arrays(task))
        geometry = task["geometry"]
        self.what = task["what"]
        self.strides, self.dilation, self.pads, self.groups = geometry[9:11], geometry[11:13], geometry[13:15], geometry[15]
        self.x, self.dy = (t.permute(0, 3, 1, 2).contiguous(memory_format=layout) for t in (x, dy))
        self.w = w.permute(3, 2, 0, 1).contiguous(memory_format=layout)
        self.kernel = f"{variant}, {kernels_of(self.once)}"

    def once(self):
        if self.what == 0:
            with torch.inference_mode():
                self.out = functional.conv2d(self.x, self.w, None, self.strides, self.pads, self.dilation, self.groups)
            return
        mask = [self.what == 1, self.what == 2, False]
        out = torch.ops.aten.convolution_backward(self.dy, self.x, self.w, None, self.strides, self.pads, self.dilation, False, [0, 0],
                                                  self.groups, mask)
        self.out = out[self.what - 1]

    def result(self):
        return self.out.permute(*((2, 3, 1, 0) if self.what == 2 else (0, 2, 3, 1))).contiguous().numpy()


# ---- networks ----


class Network(torch.nn.Module):
    """A description as a module."""

    def __init__(self, net):
        super().__init__()
        self.nodes = net.nodes
        self.last_use = {i: number for number, node in enumerate(net.nodes) for i in node["inputs"]}
        made = {node["name"]: self.make(node) for node in net.nodes}
        self.parts = torch.nn.ModuleDict({name: m for name, m in made.items() if m is not None})
        self.fill(net)

    @staticmethod
    def make(node):
        nn, op = torch.nn, node["op"]
        if op == "conv":
            kh, kw, c, f = node["kernel_shape"]
            (top, bottom), (left, right) = node["pads"]
            even = top == bottom and left == right
            conv = nn.Conv2d(c * node["groups"], f, (kh, kw), node["strides"], (top, left) if even else 0, groups=node["groups"],
                             bias=node["bias"])
            parts = ([] if even else [nn.ZeroPad2d((left, right, top, bottom))]) + [conv]
            return nn.Sequential(*parts, *([nn.ReLU(inplace=True)] if node["activation"] == "relu" else []))
        if op == "maxpool":
            (top, bottom), (left, right) = node["pads"]
            pool = nn.MaxPool2d(node["size"], node["strides"])
            return nn.Sequential(nn.ConstantPad2d((left, right, top, bottom), -float("inf")), pool) if bottom or right else pool
        if op == "dense":  # the loss, or `Inference`, takes the softmax
            return nn.Sequential(nn.Linear(*node["kernel_shape"]), *([nn.ReLU()] if node["activation"] == "relu" else []))
        if op == "lstm":
            return nn.LSTM(node["features"], node["units"], batch_first=True)
        simple = {"bn": lambda: nn.BatchNorm2d(node["shape"][-1], networks.BN_EPSILON, 0.01), "relu": lambda: nn.ReLU(inplace=True),
                  "dropout": lambda: nn.Dropout(node["rate"]), "flatten": nn.Flatten}
        return simple[op]() if op in simple else None

    def fill(self, net):
        flat = {node["name"]: net.nodes[node["inputs"][0]] for node in net.nodes[1:]}
        for name, arrays in networks.weights(net).items():
            tensors = [torch.from_numpy(a) for a in arrays]
            part, op = self.parts[name], name.rstrip("0123456789")
            if op == "conv":
                convolution = next(m for m in part if isinstance(m, torch.nn.Conv2d))
                values = {convolution.weight: tensors[0].permute(3, 2, 0, 1)}
                values.update({convolution.bias: tensors[1]} if len(tensors) > 1 else {})
            elif op == "dense":
                kernel = tensors[0]
                if flat[name]["op"] == "flatten":  # rows from [H, W, C] to [C, H, W]
                    h, w, c = flat[name]["from_shape"]
                    kernel = kernel.reshape(h, w, c, -1).permute(2, 0, 1, 3).reshape(kernel.shape)
                values = {part[0].weight: kernel.t(), part[0].bias: tensors[1]}
            elif op == "lstm":
                values = {part.weight_ih_l0: tensors[0].t(), part.weight_hh_l0: tensors[1].t(), part.bias_ih_l0: tensors[2],
                          part.bias_hh_l0: torch.zeros_like(tensors[2])}
            else:
                values = dict(zip((part.weight, part.bias, part.running_mean, part.running_var), tensors))
            with torch.no_grad():
                for parameter, value in values.items():
                    parameter.copy_(value)

    def forward(self, x):
        values = {0: x}
        for number, node in enumerate(self.nodes[1:], 1):
            v = [values[i] for i in node["inputs"]]
            if node["op"] == "add":
                values[number] = v[0] + v[1]
            elif node["op"] == "gap":
                values[number] = v[0].mean((2, 3))
            elif node["op"] == "lstm":
                values[number] = self.parts[node["name"]](v[0])[0][:, -1]
            else:
                values[number] = self.parts[node["name"]](v[0])
            for i in node["inputs"]:
                if self.last_use[i] == number:
                    values.pop(i, None)
        return values[len(self.nodes) - 1]


def batch_of(net, count, layout):
    x = torch.from_numpy(networks.samples(net, count))
    return x if x.ndim == 3 else x.permute(0, 3, 1, 2).contiguous(memory_format=layout)


def network(net, layout):
    module = Network(net)
    return module if len(net.input_shape) == 2 else module.to(memory_format=layout)


class Training(Timed):
    """zero_grad, forward, loss, backward, Adam's step in one kernel; the batch is there already."""

    def __init__(self, net, batch, variant):
        layout = LAYOUTS[variant]
        self.module = network(net, layout).train()
        self.adam = torch.optim.Adam(self.module.parameters(), 1e-3, eps=1e-7, fused=True)
        self.x, self.y = batch_of(net, batch, layout), torch.from_numpy(networks.labels(batch)).long()
        self.kernel = f"{variant}, fused Adam"

    def once(self):
        self.adam.zero_grad()
        functional.cross_entropy(self.module(self.x), self.y).backward()
        self.adam.step()


class Inference(Timed):
    def __init__(self, net, batch, variant):
        layout, mode = variant.split(", ")
        module = torch.nn.Sequential(network(net, LAYOUTS[layout]), torch.nn.Softmax(1)).eval()
        self.x = batch_of(net, batch, LAYOUTS[layout])
        self.module, self.kernel = module, variant
        if mode == "frozen":  # BatchNorm folded, operators fused
            with torch.no_grad():
                self.module = torch.jit.optimize_for_inference(torch.jit.trace(module, self.x))

    def once(self):
        with torch.inference_mode():
            self.out = self.module(self.x)

    def result(self):
        return self.out.numpy()
