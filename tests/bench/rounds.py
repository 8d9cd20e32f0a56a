"""Processes for the sides, and measuring in rounds: ours, peer, ours, peer."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

# Variables that change what a peer does; a peer is to be as it comes.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
         "MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DPCPP_CPU_NUM_CUS", "TF_NUM_INTRAOP_THREADS")
LABELS = {"visml": "libvisml", "onednn": "oneDNN", "openblas": "OpenBLAS", "torch": "PyTorch", "ort": "ONNX Runtime", "keras": "Keras"}


class Skip(Exception):
    """A side that is not there, cannot do a task, or died."""


class Client:
    """A worker process. `cpus` CPUs of those that this process may use are its own, the first ones."""

    def __init__(self, side, threads, build, modules=None):
        self.side, self.threads = side, threads
        cpus = sorted(os.sched_getaffinity(0))[:threads]
        if len(cpus) < threads:
            raise Skip(f"{threads} threads on {len(cpus)} CPUs mean nothing")
        config = {"side": side, "threads": threads, "build": str(build), "modules": modules, "cpus": cpus}
        env = {k: v for k, v in os.environ.items() if k not in UNSET} | {k: str(threads) for k in THREADS}
        env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        script = pathlib.Path(__file__).resolve().with_name("worker.py")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, str(script), json.dumps(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=env)

    def ask(self, do, **fields):
        try:
            self.process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Skip(f"its process ended while asked to {do} (status {self.process.wait()}): {self._last_words()}")
        answer = json.loads(line)
        if "value" not in answer:
            raise Skip(answer.get("skip") or answer["error"])
        return answer["value"]

    def _last_words(self):
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Clients:
    """One worker for each (side, threads), started when first asked for. Sides that are not there are remembered with the reason."""

    def __init__(self, build, onednn, chosen):
        self.build, self.chosen = build, chosen
        self.modules = {"onednn": onednn}
        self.running, self.versions, self.missing = {}, {}, {}

    def of(self, side, threads):
        """The clients of a side: several of oneDNN, when several versions are given, else one; [] when it is not there."""
        if side != "visml" and side not in self.chosen:
            return []
        return [c for c in (self._start(side, threads, m) for m in self.modules.get(side, [None])) if c]

    def _start(self, side, threads, module):
        key = (side, threads, module)
        if key not in self.running:
            self.running[key] = None
            label = LABELS[side] + (f" of {module}" if module else "")
            try:
                client = Client(side, threads, self.build, module)
                self.versions[(side, module)] = client.ask("version")
                self.running[key] = client
            except Skip as e:
                if side == "visml":
                    raise
                if label not in self.missing:
                    print(f"{label} takes no part: {e}", flush=True)
                self.missing[label] = str(e)
        return self.running[key]

    def forget(self, client):
        """After its process died: the next task starts another."""
        self.running = {k: c for k, c in self.running.items() if c is not client}

    def close(self):
        for client in self.running.values():
            if client:
                client.close()


class Runner:
    """One side that is ready for one row: the fastest of its clients and variants."""

    def __init__(self, label, client, kernel, times):
        self.label, self.client, self.kernel, self.times = label, client, kernel, times
        self.seconds = []

    def round(self, warm):
        if warm:
            self.client.ask("run", times=1)
        self.seconds.append(self.client.ask("run", times=self.times) / self.times)

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def spread(self):
        """Distance of the quartiles over the median."""
        if len(self.seconds) < 4:
            return 0.0
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / self.median


def times_for(seconds, target):
    return max(1, int(np.ceil(target / max(seconds, 1e-7))))


def calibrate(client, target):
    """Seconds of one time, warm where that matters: from the first look when it is long, else from the best of some more."""
    seconds = client.ask("run", times=1)
    if seconds < 1:
        seconds = client.ask("run", times=1)
    if seconds < target / 4:
        times = times_for(seconds, target / 4)
        seconds = min(client.ask("run", times=times) / times for _ in range(3))
    return seconds


def ready(clients, side, threads, task, target, label=None):
    """A Runner for the fastest way that this side has; raises Skip with the reasons when there is none."""
    found, reasons = [], []
    for client in clients.of(side, threads):
        try:
            for variant in client.ask("variants", task=task):
                try:
                    kernel = client.ask("prepare", task=task, variant=variant)
                    found.append((calibrate(client, target), client, variant, kernel))
                except Skip as e:
                    reasons.append(str(e))
                    if client.process.poll() is not None:
                        raise
        except Skip as e:
            reasons.append(str(e))
            clients.forget(client)
    if not found:
        raise Skip("; ".join(dict.fromkeys(reasons)) or "not there")
    seconds, client, variant, kernel = min(found, key=lambda f: f[0])
    if found[-1][2] != variant or found[-1][1] is not client:
        kernel = client.ask("prepare", task=task, variant=variant)
        seconds = calibrate(client, target)
    several = side == "onednn" and len(clients.modules["onednn"]) > 1
    name = client.ask("version").split()[1] + " " if several else ""
    return Runner(label or LABELS[side], client, name + kernel, times_for(seconds, target))


def settle(threads):
    """Until threads of the side before have stopped spinning: those of Intel's OpenMP go on for 200 ms, and take a whole CPU."""
    time.sleep(0.002 if threads == 1 else 0.25)


TRIES = 6  # of a turn with several threads, until the CPUs were there before and after it
best_peaks = {}  # {threads: the highest peak that was seen}


def undisturbed(client, threads):
    """Whether this many CPUs are there in full. Virtual ones come and go: the peak of two may be that of one for seconds."""
    peak = client.ask("peak", seconds=0.003)
    best_peaks[threads] = max(peak, best_peaks.get(threads, 0))
    return peak >= 0.9 * best_peaks[threads]


def turn(runner, client, warm):
    """One turn of a side; with several threads one before and after which the CPUs were undisturbed, for every side alike."""
    threads = runner.client.threads
    for n in range(TRIES if threads > 1 else 1):
        settle(threads)
        if threads > 1 and n < TRIES - 1 and not undisturbed(client, threads):
            continue
        runner.round(warm)
        if threads == 1 or n == TRIES - 1 or undisturbed(client, threads):
            return
        runner.seconds.pop()


def alternate(runners, peaks, rounds):
    """Runs them in turn, every second round backwards, so that what drifts meets all alike. peaks: {threads: client} whose
    multiply-add peak is taken in each round. Returns {threads: median FLOP/s}."""
    seen = {threads: [] for threads in peaks}
    for n in range(rounds):
        for runner in runners if n % 2 == 0 else reversed(runners):
            turn(runner, peaks[runner.client.threads], warm=not runner.seconds or runner.seconds[0] < 0.05)
        for threads, client in peaks.items():
            settle(threads)
            seen[threads].append(client.ask("peak", seconds=0.005))
    return {threads: statistics.median(values) for threads, values in seen.items()}


def difference(ours, peer):
    """The largest difference of the two results over the largest number of the peer's; None when there is no result to compare."""
    with tempfile.TemporaryDirectory() as folder:
        arrays = []
        for i, runner in enumerate((ours, peer)):
            path = os.path.join(folder, f"{i}.npy")
            runner.client.ask("result", file=path)
            arrays.append(np.load(path).astype(np.float64))
    if arrays[0].shape != arrays[1].shape:
        return float("inf")
    return float(np.abs(arrays[0] - arrays[1]).max() / max(np.abs(arrays[1]).max(), 1e-30))
