#!/usr/bin/env python3
"""Rows and what scikit-learn says of them, as a C header: tests/golden/report_goldens.h, for tests/metric/test_report.c.

    python3 make_report_goldens.py > report_goldens.h
"""
import textwrap

import numpy as np
import sklearn
from sklearn.metrics import (accuracy_score, classification_report, confusion_matrix, precision_recall_fscore_support,
                             top_k_accuracy_score)


def numbers(values, fmt):
    return "\n" + textwrap.fill(", ".join(fmt(v) for v in np.ravel(values)), 130, initial_indent="    ", subsequent_indent="    ")


def real(v):
    return repr(float(v))


def case(name, rows, classes, weighted, rng, names, absent=()):
    labels = rng.integers(0, classes, rows)
    for c in absent:
        labels[labels == c] = (c + 1) % classes
    scores = rng.integers(0, 200, (rows, classes)).astype(np.float32) / 16  # ties happen
    scores[np.arange(rows), labels] += rng.integers(0, 120, rows).astype(np.float32) / 16
    scores += np.arange(classes, 0, -1, dtype=np.float32) / 1024 * (name != "ties")  # but only where they are asked for
    weights = rng.integers(0, 12, rows).astype(np.float32) / 4 if weighted else None
    predicted = scores.argmax(1)  # the first of equals
    every = list(range(classes))
    p, r, f, s = precision_recall_fscore_support(labels, predicted, labels=every, sample_weight=weights, zero_division=0)
    matrix = confusion_matrix(labels, predicted, labels=every, sample_weight=weights)
    kw = dict(sample_weight=weights)
    print(f"static const int32_t {name}_labels[] = {{{numbers(labels, str)}}};")
    print(f"static const float {name}_scores[] = {{{numbers(scores, lambda v: real(v) + 'f')}}};")
    if weighted:
        print(f"static const float {name}_weights[] = {{{numbers(weights, lambda v: real(v) + 'f')}}};")
    print(f"static const double {name}_confusion[] = {{{numbers(matrix, real)}}};")
    print(f"static const double {name}_precision[] = {{{numbers(p, real)}}};")
    print(f"static const double {name}_recall[] = {{{numbers(r, real)}}};")
    print(f"static const double {name}_f1[] = {{{numbers(f, real)}}};")
    print(f"static const double {name}_support[] = {{{numbers(s, real)}}};")
    print(f"static const char *const {name}_names[] = {{{', '.join(quoted(n) for n in names)}}};")
    top = [top_k_accuracy_score(labels, scores, k=k, labels=every, **kw) if k < classes else 1.0 for k in range(1, 11)] \
        if name != "ties" and classes > 2 else []
    if top:
        print(f"static const double {name}_top[] = {{{numbers(top, real)}}};")
    text = classification_report(labels, predicted, labels=every, target_names=names, zero_division=0, sample_weight=weights)
    print(f"static const char {name}_text[] =\n" + "\n".join("    " + quoted(line + "\n") for line in text.split("\n")[:-1]) + ";")
    print(f"static const double {name}_overall[] = {{{real(accuracy_score(labels, predicted, **kw))}, {real(f.mean())}}};\n")


def quoted(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    print(f"/* Made by make_report_goldens.py with scikit-learn {sklearn.__version__}. */")
    case("plain", 60, 4, False, rng, ["ant", "bee", "a much longer name", "d\u00f6g"])
    case("weighted", 50, 3, True, rng, ["x", "y", "z"])
    case("lacking", 40, 5, False, rng, ["0", "1", "2", "3", "4"], absent=(2, 4))
    case("wide", 80, 14, False, rng, [str(i) for i in range(14)])
    case("ties", 40, 3, False, rng, ["0", "1", "2"])
