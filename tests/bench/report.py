"""What a run found, as lines on the screen and as sections of docs/benchmarks.md."""
import os
import pathlib
import platform
import re
import time

from rounds import LABELS
from tables import GAIN, geometric_mean

ORDER = ("machine", "gemm", "conv-forward", "conv-backward-data", "conv-backward-weights", "train", "infer", "scaling", "instructions")
INTERESTING = ("sse4_1", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_tile",
               "asimd", "asimddp", "sve")


class Section:
    """One table that was measured."""

    def __init__(self, table, threads, rows, before, after, command):
        self.table, self.threads, self.rows, self.command = table, threads, rows, command
        self.before, self.after = before, after  # FLOP/s of multiply-adds
        self.date = time.strftime("%Y-%m-%d %H:%M %Z")

    @property
    def key(self):
        return self.table.key + (f"-{self.threads}" if self.table.key != "scaling" else "")

    def disturbed(self, best):
        """Why the figures are not to be trusted; None when nothing speaks against them."""
        low, high = sorted((self.before, self.after))
        if low < 0.9 * high:
            return f"the peak was {self.before * 1e-9:.0f} GFLOP/s before and {self.after * 1e-9:.0f} after"
        if low < 0.9 * best:
            return f"the peak was {low * 1e-9:.0f} GFLOP/s, {best * 1e-9:.0f} at its best in this run"
        return None


def labels_of(section):
    """The peers that have a ratio in some row, in order."""
    found = dict.fromkeys(label for row in section.rows for label in row.ratios)
    return [label for label in (*LABELS.values(), GAIN) if label in found]


def row_text(row):
    """One line for the screen."""
    if row.skipped:
        return f"  {row.name}: skipped, {row.skipped}"
    cells = [f"{column} {text}" + (f" ({row.ratios[column]:.2f})" if column in row.ratios else "") for column, text in row.cells.items()]
    return f"  {row.name}: " + ", ".join(cells) + (f"  [{'; '.join(row.notes)}]" if row.notes else "")


def summary(section):
    """Geometric mean and worst row for each peer, and for the fastest peer of each row."""
    lines = []
    for label in labels_of(section):
        rows = [r for r in section.rows if label in r.ratios]
        worst = min(rows, key=lambda r: r.ratios[label])
        lines.append(f"{label}: geometric mean {geometric_mean(r.ratios[label] for r in rows):.2f} of {len(rows)} rows, "
                     f"worst {worst.ratios[label]:.2f} ({worst.name})")
    rows = [r for r in section.rows if r.ratios]
    if len(labels_of(section)) > 1:
        worst = min(rows, key=lambda r: min(r.ratios.values()))
        lines.append(f"The fastest peer of each row: geometric mean {geometric_mean(min(r.ratios.values()) for r in rows):.2f}, "
                     f"worst {min(worst.ratios.values()):.2f} ({worst.name})")
    return lines


# ---- Markdown ----


def cell(text):
    return text.replace("|", "\\|")


def markdown(section, best):
    threads = "" if section.table.key == "scaling" else f", {section.threads} thread" + ("s" if section.threads > 1 else "")
    lines = [f"## {section.table.title}{threads}", "", section.table.about, ""]
    reason = section.disturbed(best)
    if reason:
        lines += [f"**Disturbed**: {reason}. Measure again before anything is concluded from it.", ""]
    peaks = f"peak {section.before * 1e-9:.0f} GFLOP/s before, {section.after * 1e-9:.0f} after"
    lines += [f"{section.date}; `{section.command}`; {peaks}.", ""]
    columns = list(dict.fromkeys(c for row in section.rows for c in row.cells))
    unit = f" {section.table.unit}" if section.table.unit else ""
    heads = [""] + [c + (unit if c in LABELS.values() else "") for c in columns] + ["details"]
    if section.table.key == "scaling":
        heads.insert(-1, "gain / peak's gain")
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in section.rows:
        lines.append("| " + " | ".join(map(cell, row_cells(section, row, columns))) + " |")
    return "\n".join(lines + [""] + [f"- {line}" for line in summary(section)]) + "\n"


def row_cells(section, row, columns):
    if row.skipped:
        return [row.name, *([""] * len(columns)), *([""] if section.table.key == "scaling" else []), f"skipped: {row.skipped}"]
    cells = [row.name]
    for column in columns:
        text = row.cells.get(column, "")
        cells.append(f"{text} ({row.ratios[column]:.2f})" if column in row.ratios and column != GAIN else text)
    if section.table.key == "scaling":
        cells.append(f"{row.ratios[GAIN]:.2f}")
    return cells + ["; ".join(row.notes)]


HEAD = """# How fast is it?

Against the libraries that people would use instead, each as it comes, on the same machine in the same run: the sides take turns, and a
figure is the median of the rounds. In brackets stands the peer's time over libvisml's, so that more than 1 means that libvisml is
faster. [benchmarking.md](benchmarking.md) says how to make this page.
"""


def machine(versions, missing):
    """The section about the machine and the peers."""
    info = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8") if os.path.exists("/proc/cpuinfo") else ""

    def field(name):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.M)
        return found.group(1) if found else "?"

    flags = set((field("flags") if "flags" in info else field("Features")).split())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lines = ["## Machine and versions", "",
             f"- {time.strftime('%Y-%m-%d')}, {platform.system()} {platform.release()}, {platform.machine()}",
             f"- {field('model name')}, family {field('cpu family')} model {field('model')}, {len(os.sched_getaffinity(0))} CPUs, "
             f"{pages / 1e9:.0f} GB", f"- caches: {caches()}", f"- flags: {' '.join(f for f in INTERESTING if f in flags)}"]
    lines += [f"- {version}" for version in dict.fromkeys(versions)]
    lines += [f"- no {label}: {reason}" for label, reason in missing.items()]
    return "\n".join(lines) + "\n"


def caches():
    found = []
    for folder in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((folder / name).read_text(encoding="ascii").strip() for name in ("type", "level", "size"))
        found.append(f"L{level}{'i' if kind == 'Instruction' else ''} {size}")
    return ", ".join(found) or "?"


def instructions_section(text, command):
    count, *rest = text.strip().splitlines()
    return ("## Instructions of a training step\n\n`seed-cnn`, batch 32, one thread: a figure that does not depend on what else the "
            f"machine does.\n\n{time.strftime('%Y-%m-%d')}; `{command}`\n\n**{count}**\n\n```\n" + "\n".join(rest) + "\n```\n")


def write(path, sections):
    """Puts these sections, {key: Markdown}, into the page; others stay as they are."""
    path = pathlib.Path(path)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    found = dict(re.findall(r"<!-- section (\S+) -->\n(.*?)<!-- end -->\n", old, re.S)) | sections

    def place(key):
        return next((i for i, name in enumerate(ORDER) if key == name or key.startswith(name + "-")), len(ORDER)), key

    body = "".join(f"\n<!-- section {key} -->\n{found[key]}<!-- end -->\n" for key in sorted(found, key=place))
    temporary = path.with_suffix(".part")
    temporary.write_text(HEAD + body, encoding="utf-8")
    temporary.replace(path)
