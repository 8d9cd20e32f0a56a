"""What is measured: the rows of each table, and how a row becomes figures."""
import math
import os
import subprocess
import sys
import tempfile

import networks
import rounds
from rounds import LABELS, Skip

WHATS = ("forward", "backward data", "backward weights")
GAIN = "the peak's gain"  # what more threads are compared with


class Row:
    """One line of a table. ratios: peer -> its seconds over ours (more than 1: ours is faster)."""

    def __init__(self, name):
        self.name = name
        self.cells = {}  # column -> text
        self.ratios = {}
        self.notes = []
        self.skipped = None


class Table:
    """key: of the section in docs/benchmarks.md; unit: what the speeds are in."""

    def __init__(self, key, title, about, unit, rows, peers):
        self.key, self.title, self.about, self.unit, self.rows, self.peers = key, title, about, unit, rows, peers


# ---- rows ----


def gemm_tasks(quick):
    sizes = (64, 512) if quick else (64, 128, 256, 512, 1024, 2048, 4096)
    shapes = [(n, n, n, 0, 0, "") for n in sizes]
    more = [  # m, n, k, A turned, B turned, where it comes from
        (32, 512, 512, 0, 0, "seed-cnn dense, batch 32"), (128, 512, 512, 0, 0, "seed-cnn dense, batch 128"),
        (128, 512, 512, 0, 1, "the same, backward data"), (512, 512, 128, 1, 0, "the same, backward weights"),
        (128, 10, 512, 0, 0, "seed-cnn classes"), (1, 512, 2048, 0, 0, "dense, batch 1"),
        (32, 1000, 2048, 0, 0, "ResNet-50 classes, batch 32"), (1, 1000, 2048, 0, 0, "ResNet-50 classes, batch 1"),
        (1024, 32, 27, 0, 0, "seed-cnn, as a product"), (1024, 32, 288, 0, 0, "seed-cnn, as a product"),
        (3136, 64, 576, 0, 0, "ResNet-50 3x3 at 56"), (784, 128, 1152, 0, 0, "ResNet-50 3x3 at 28"),
        (196, 256, 2304, 0, 0, "ResNet-50 3x3 at 14"), (49, 512, 4608, 0, 0, "ResNet-50 3x3 at 7"),
        (3136, 256, 64, 0, 0, "ResNet-50 1x1 at 56"), (196, 1024, 256, 0, 0, "ResNet-50 1x1 at 14"),
        (128, 512, 8192, 0, 0, "dense 8192, batch 128"), (8192, 512, 128, 1, 0, "the same, backward weights"),
    ]
    for m, n, k, ta, tb, origin in shapes + (more[2:6:3] if quick else more):
        name = f"{'T' if ta else 'N'}{'T' if tb else 'N'} {m} x {n} x {k}" + (f" ({origin})" if origin else "")
        yield {"kind": "gemm", "name": name, "m": m, "n": n, "k": k, "ta": ta, "tb": tb}, 2.0 * m * n * k


# size, channels in, filters, kernel, stride, zeros in front and behind, groups
CONVOLUTIONS = [
    (32, 3, 32, 3, 1, 1, 1), (32, 32, 32, 3, 1, 0, 1), (15, 32, 64, 3, 1, 1, 1), (15, 64, 64, 3, 1, 0, 1), (6, 64, 128, 3, 1, 1, 1),
    (6, 128, 128, 3, 1, 0, 1), (224, 3, 64, 7, 2, 3, 1), (56, 64, 64, 3, 1, 1, 1), (28, 128, 128, 3, 1, 1, 1), (14, 256, 256, 3, 1, 1, 1),
    (7, 512, 512, 3, 1, 1, 1), (56, 128, 128, 3, 2, 1, 1), (56, 256, 64, 1, 1, 0, 1), (56, 64, 256, 1, 1, 0, 1),
    (14, 1024, 256, 1, 1, 0, 1), (7, 2048, 512, 1, 1, 0, 1), (112, 32, 32, 3, 1, 1, 32), (112, 96, 96, 3, 2, 1, 96),
    (56, 144, 144, 3, 1, 1, 144), (14, 384, 384, 3, 1, 1, 384), (7, 960, 960, 3, 1, 1, 960),
]


def conv_tasks(what, quick):
    for batch in (1, 32):
        for size, c, f, kernel, stride, pad, groups in CONVOLUTIONS[1:21:17] if quick else CONVOLUTIONS:
            out = (size + 2 * pad - kernel) // stride + 1
            name = f"{batch} x {size}x{size}, " + (f"{c}→{f}" if groups == 1 else f"depthwise {c}") + f", {kernel}x{kernel}"
            name += f" stride {stride}" if stride > 1 else ""
            geometry = [batch, size, size, c, out, out, f, kernel, kernel, stride, stride, 1, 1, pad, pad, groups]
            task = {"kind": "conv2d", "name": name + ("" if pad or kernel == 1 else ", valid"), "geometry": geometry, "what": what}
            yield task, 2.0 * batch * out * out * kernel * kernel * (c // groups) * f


def net_tasks(kind, rows):
    for net, batch in rows:
        described = networks.NETWORKS[net]()
        work = networks.flops(described) * batch * (3 if kind == "train" else 1)
        yield {"kind": kind, "name": f"{described.name}, batch {batch}", "net": net, "batch": batch}, work


def train_tasks(quick):
    rows = [("seed-cnn", 32), ("lstm-28", 128)] if quick else [("seed-cnn", 32), ("seed-cnn", 128), ("small-cnn", 32), ("small-cnn", 128),
                                                              ("lstm-28", 128), ("lstm-64", 32), ("lstm-64", 128)]
    return net_tasks("train", rows)


def infer_tasks(quick):
    rows = [(net, batch) for net in ("seed-cnn", "mobilenet-v2", "resnet-18", "resnet-50") for batch in (1, 32)]
    rows += [(net, batch) for net in ("lstm-28", "lstm-64") for batch in (1, 128)]
    yield from net_tasks("infer", [("seed-cnn", 1), ("seed-cnn", 32), ("resnet-18", 1), ("lstm-28", 1)] if quick else rows)
    for task, work in net_tasks("infer", [("resnet-50", batch) for batch in ((1,) if quick else (1, 32))]):
        yield task | {"name": task["name"] + ", int8", "int8": True}, work


def scaling_tasks(quick):
    picked = ("NN 512 x 512 x 512",) if quick else ("NN 64 x", "NN 512 x 512 x 512", "NN 2048", "NN 3136 x 64", "NN 128 x 512 x 512")
    yield from (t for t in gemm_tasks(quick) if t[0]["name"].startswith(picked))
    for what in range(3):
        for task, work in conv_tasks(what, quick):
            if task["name"].startswith(("32 x 32x32, 32→32", "32 x 14x14, 256→256", "1 x 14x14, 256→256", "32 x 56x56, depthwise")):
                yield task | {"name": f"{task['name']}, {WHATS[what]}"}, work
    for task, work in net_tasks("train", [("seed-cnn", 32)] if quick else [("seed-cnn", 32), ("seed-cnn", 128), ("small-cnn", 128)]):
        yield task | {"name": f"training {task['name']}"}, work
    nets = [("seed-cnn", 32)] if quick else [("seed-cnn", 1), ("seed-cnn", 32), ("mobilenet-v2", 1), ("resnet-50", 1), ("resnet-50", 32)]
    for task, work in net_tasks("infer", nets):
        yield task | {"name": f"inference {task['name']}"}, work


# ---- one row ----


def speed_text(task, work, seconds):
    """GFLOP/s for kernels; images a second (or ms for a batch of one) for networks."""
    if task["kind"] in ("gemm", "conv2d"):
        return f"{work / seconds * 1e-9:.1f}"
    return f"{seconds * 1e3:.3g} ms" if task["batch"] == 1 else f"{task['batch'] / seconds:.4g}/s"


def measure(bench, task, work, threads, peers):
    """A Row of ours against the peers, in alternation."""
    row, options = Row(task["name"]), bench.options
    try:
        ours = rounds.ready(bench.clients, "visml", threads, task, options.seconds)
    except Skip as e:
        row.skipped = str(e)
        return row
    runners = [ours]
    for peer in peers:
        try:
            runners.append(rounds.ready(bench.clients, peer, threads, task, options.seconds))
        except Skip as e:
            if bench.clients.of(peer, threads):
                row.notes.append(f"{LABELS[peer]}: {e}")
    client = bench.peak_client(threads)
    peak = rounds.alternate(runners, {threads: client}, options.rounds)[threads]
    row.cells["libvisml"] = speed_text(task, work, ours.median)
    if task["kind"] not in ("gemm", "conv2d"):
        row.cells["GFLOP/s"] = f"{work / ours.median * 1e-9:.1f}"
    row.cells["of peak"] = f"{100 * work / ours.median / peak:.0f} %"
    for runner in runners[1:]:
        row.ratios[runner.label] = runner.median / ours.median
        row.cells[runner.label] = speed_text(task, work, runner.median)
        row.notes.append(f"{runner.label}: {runner.kernel}{agreement(task, ours, runner)}")
    row.notes += [f"{r.label} varies by {100 * r.spread:.0f} %" for r in runners if r.spread > 0.15]
    return row


def agreement(task, ours, peer):
    """How far the results lie apart, where they can be compared; that they are the same work is the point of it."""
    if task["kind"] == "train":
        return ""
    try:
        apart = rounds.difference(ours, peer)
    except Skip as e:
        return f", results not compared ({e})"
    limit = 0.5 if task.get("int8") else 1e-3
    return f", differs by {apart:.1g}" if apart <= limit else f", RESULTS DIFFER by {apart:.2g}"


def memory(bench, task, threads, peers):
    """{label: bytes} that each side takes for a network, in a process of its own."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for side in ("visml", *peers):
            path, clients = os.path.join(folder, side), bench.clients.of(side, threads)
            if not clients:
                continue
            try:
                clients[0].ask("save", task=task, file=path)
                client = rounds.Client(side, threads, bench.options.build)
                try:
                    found[LABELS[side]] = client.ask("memory", task=task, file=path)
                finally:
                    client.close()
            except Skip as e:
                print(f"  memory of {LABELS[side]}: {e}")
    return found


def measure_inference(bench, task, work, threads, peers):
    row = measure(bench, task, work, threads, peers)
    if row.skipped or bench.options.no_memory or task["net"].startswith("lstm"):
        return row
    taken = memory(bench, task, threads, [p for p in peers if p == "ort"])
    row.cells["MB"] = " / ".join(f"{taken[label] / 1e6:.0f}" if label in taken else "?" for label in (LABELS["visml"], LABELS["ort"]))
    return row


def measure_scaling(bench, task, work, most):
    """Ours on `most` threads over ours on one, beside what the peak gains."""
    row = Row(task["name"])
    try:
        runners = [rounds.ready(bench.clients, "visml", n, task, bench.options.seconds, f"{n}") for n in (1, most)]
    except Skip as e:
        row.skipped = str(e)
        return row
    peaks = rounds.alternate(runners, {n: bench.peak_client(n) for n in (1, most)}, bench.options.rounds)
    for runner, n in zip(runners, (1, most)):
        row.cells[f"{n} thread" + ("s" if n > 1 else "")] = speed_text(task, work, runner.median)
    gain, limit = runners[0].median / runners[1].median, peaks[most] / peaks[1]
    row.cells["gain"], row.cells[GAIN] = f"{gain:.2f}", f"{limit:.2f}"
    row.ratios[GAIN] = gain / limit
    row.notes += [f"{r.label} varies by {100 * r.spread:.0f} %" for r in runners if r.spread > 0.15]
    return row


def instructions(bench):
    """The text that instructions.sh prints."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.sh")
    done = subprocess.run(["sh", script, str(bench.options.build)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return None
    return done.stdout


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")
