"""One side in a process of its own: its threads, its environment, its memory, its crashes. One JSON object a line comes in and one
goes out; whatever else a library prints goes to standard error. rounds.py is at the other end."""
import gc
import importlib
import json
import os
import sys
import traceback

CLASSES = {"visml": ("side_visml", "Visml"), "onednn": ("sides", "OneDnn"), "openblas": ("sides", "OpenBlas"),
           "torch": ("side_torch", "Torch"), "ort": ("side_onnx", "OnnxRuntime"), "keras": ("side_keras", "Keras")}


def status(field):
    """Bytes of a field of /proc/self/status."""
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(field))


class Worker:
    def __init__(self, config):
        import sides

        self.skip = sides.Skip
        module, name = CLASSES[config["side"]]
        try:
            self.side = getattr(importlib.import_module(module), name)(config)
        except ImportError as e:
            raise sides.Skip(f"it is not installed ({e})") from None
        self.prepared = None

    def version(self, _):
        return self.side.version()

    def variants(self, request):
        return self.side.variants(request["task"])

    def prepare(self, request):
        self.prepared = None
        gc.collect()
        self.prepared = self.side.prepare(request["task"], request["variant"])
        return self.prepared.kernel

    def run(self, request):
        return self.prepared.run(request["times"])

    def result(self, request):
        """Writes about a million numbers of the result, at even distances, to a file."""
        import numpy

        flat = numpy.asarray(self.prepared.result()).reshape(-1)
        numpy.save(request["file"], flat[::max(1, flat.size >> 20)])

    def peak(self, request):
        return self.side.peak(request["seconds"])

    def save(self, request):
        self.side.save(request["task"], request["file"])

    def memory(self, request):
        """Bytes that a network takes at most, from a model file to its second run, above what the process had before."""
        import networks

        networks.samples(networks.NETWORKS[request["task"]["net"]](), request["task"]["batch"])  # the sample's memory is not the side's
        gc.collect()
        with open("/proc/self/clear_refs", "w", encoding="ascii") as f:
            f.write("5")  # the highest mark starts anew; see proc(5)
        before = status("VmRSS")
        self.side.load(request["task"], request["file"]).run(2)
        return status("VmHWM") - before


def main():
    config = json.loads(sys.argv[1])
    os.sched_setaffinity(0, config["cpus"])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields):
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            worker = worker or Worker(config)
            answer(value=getattr(worker, request["do"])(request))
        except Exception as e:
            kind = "skip" if type(e).__name__ == "Skip" else "error"
            answer(**{kind: str(e) if kind == "skip" else "".join(traceback.format_exception_only(e)).strip()})


if __name__ == "__main__":
    main()
