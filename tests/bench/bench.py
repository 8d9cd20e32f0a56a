#!/usr/bin/env python3
"""Measures libvisml against its peers in one run and writes docs/benchmarks.md.

    tests/bench/bench.py --build build                                       all tables, on the screen
    tests/bench/bench.py --build build --tables gemm,conv --threads 1        some of them
    tests/bench/bench.py --build build --quick                               few rows and short rounds: does it work?
    tests/bench/bench.py --build build --write docs/benchmarks.md            and write their sections of the page

Peers that are not installed, and things that one side cannot do, are skipped with a message. See docs/benchmarking.md.
"""
import argparse
import json
import os
import pathlib
import shlex
import statistics
import sys

import report
import rounds
import tables

PEERS = ("onednn", "openblas", "torch", "ort", "keras")
TABLES = ("gemm", "conv", "train", "infer", "scaling", "instructions")


def make_tables(options):
    """The chosen tables, with their rows."""
    quick, found = options.quick, []
    if "gemm" in options.tables:
        found.append(tables.Table("gemm", "Matrix products", "sgemm, row-major; N and T say how A and B are stored; m x n x k.", "GFLOP/s",
                                  tables.gemm_tasks(quick), ("onednn", "openblas", "torch")))
    for what, name in enumerate(tables.WHATS) if "conv" in options.tables else ():
        about = ("Batch x height x width, channels in→filters. oneDNN in the layout that it chooses, bringing arrays into it not "
                 "counted; PyTorch in the better of its two layouts.")
        found.append(tables.Table(f"conv-{name.replace(' ', '-')}", f"Convolution, {name}", about, "GFLOP/s",
                                  tables.conv_tasks(what, quick), ("onednn", "torch")))
    if "train" in options.tables:
        about = ("Samples a second: forward, loss, backward, Adam's step. libvisml and Keras in `fit` with their loaders, PyTorch in a "
                 "bare loop over a batch that is there, with fused Adam, in the better layout.")
        found.append(tables.Table("train", "Training", about, "", tables.train_tasks(quick), ("torch", "keras")))
    if "infer" in options.tables:
        about = ("The same weights on all sides; time of a batch of one, samples a second of larger ones. MB: what libvisml and ONNX "
                 "Runtime take above their idle process, from reading the model file to the second run.")
        found.append(tables.Table("infer", "Inference", about, "", tables.infer_tasks(quick), ("ort", "torch")))
    return found


class Bench:
    """One run."""

    def __init__(self, options):
        self.options = options
        self.clients = rounds.Clients(options.build, options.onednn, options.peers)
        self.best = {}  # threads -> the best peak seen
        self.sections = []
        self.command = "tests/bench/bench.py " + " ".join(shlex.quote(without_folders(a)) for a in sys.argv[1:])

    def peak_client(self, threads):
        return self.clients.of("visml", threads)[0]

    def peak(self, threads):
        """FLOP/s, the median of a tenth of a second."""
        found = statistics.median(self.peak_client(threads).ask("peak", seconds=0.02) for _ in range(5))
        self.best[threads] = max(found, self.best.get(threads, 0))
        return found

    def table(self, table, threads, measure):
        chosen = [(task, work) for task, work in table.rows if not self.options.filter or self.options.filter in task["name"]]
        if not chosen:
            return
        before, rows = self.peak(threads), []
        print(f"\n{table.title}" + (f", {threads} threads" if threads > 1 else "") + f"; peak {before * 1e-9:.1f} GFLOP/s", flush=True)
        for task, work in chosen:
            rows.append(measure(task, work))
            print(report.row_text(rows[-1]), flush=True)
        section = report.Section(table, threads, rows, before, self.peak(threads), self.command)
        self.sections.append(section)
        for line in report.summary(section):
            print(f"  {line}")
        reason = section.disturbed(self.best[threads])
        if reason:
            print(f"  DISTURBED: {reason}")
        self.write()

    def run(self):
        for threads in self.options.threads:
            for table in make_tables(self.options):
                measure = tables.measure_inference if table.key == "infer" else tables.measure
                self.table(table, threads, lambda task, work, m=measure, t=table, n=threads: m(self, task, work, n, t.peers))
        most = max(self.options.threads)
        if "scaling" in self.options.tables and most > 1:
            about = f"libvisml on {most} threads over libvisml on one, beside what the multiply-add peak gains in the same rounds."
            table = tables.Table("scaling", "More threads", about, "", tables.scaling_tasks(self.options.quick), ())
            self.table(table, most, lambda task, work: tables.measure_scaling(self, task, work, most))
        if "instructions" in self.options.tables:
            text = tables.instructions(self)
            print(f"\n{text or 'no instructions counted'}")
            if text and self.options.write:
                report.write(self.options.write, {"instructions": report.instructions_section(text, self.command)})

    def write(self):
        """After each table, so that what is done is kept."""
        if self.options.json:
            found = [{"key": s.key, "before": s.before, "after": s.after, "rows": [vars(r) for r in s.rows]} for s in self.sections]
            pathlib.Path(self.options.json).write_text(json.dumps(found, indent=1), encoding="utf-8")
        if self.options.write:
            texts = {s.key: report.markdown(s, self.best[s.threads]) for s in self.sections}
            texts["machine"] = report.machine(self.clients.versions.values(), self.clients.missing)
            report.write(self.options.write, texts)


def without_folders(argument):
    """An argument as the page shows it: where things lie on this machine is nobody's concern."""
    return ",".join(os.path.basename(part.rstrip("/")) if os.path.isabs(part) else part for part in argument.split(","))


def words(known):
    def read(text):
        found = [w for w in text.split(",") if w]
        unknown = [w for w in found if w not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return found
    return read


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"), help="folder of a release build; default: build")
    parser.add_argument("--tables", type=words(TABLES), default=list(TABLES), help=f"of {','.join(TABLES)}; default: all")
    parser.add_argument("--peers", type=words(PEERS), default=list(PEERS), help=f"of {','.join(PEERS)}; default: all that are there")
    parser.add_argument("--threads", type=lambda t: [int(n) for n in t.split(",")], default=[1, 2], help="default: 1,2")
    parser.add_argument("--onednn", type=lambda t: t.split(","), help="modules made of peer_onednn.c, one for each oneDNN version")
    parser.add_argument("--rounds", type=int, help="turns of each side; default: 9, quick: 3")
    parser.add_argument("--seconds", type=float, help="length of a turn, at least; default: 0.03, quick: 0.005")
    parser.add_argument("--filter", help="only rows whose name contains this")
    parser.add_argument("--quick", action="store_true", help="few rows, few and short rounds")
    parser.add_argument("--no-memory", action="store_true", help="leave out the memory of inference")
    parser.add_argument("--write", metavar="PAGE", help="put the tables into this Markdown page; tables not measured stay in it")
    parser.add_argument("--json", metavar="FILE", help="everything that was found, for programs")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.rounds = options.rounds or (3 if options.quick else 9)
    options.seconds = options.seconds or (0.005 if options.quick else 0.03)
    options.onednn = options.onednn or [str(options.build / "tests/bench/peer_onednn.so")]
    return options


def main():
    bench = Bench(parse())
    try:
        bench.run()
    except rounds.Skip as e:
        print(f"libvisml itself cannot be measured: {e}", file=sys.stderr)
        return 1
    finally:
        bench.clients.close()
    print()
    for version in dict.fromkeys(bench.clients.versions.values()):
        print(version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
