"""Training, evaluation and prediction over datasets: what Model.fit, .evaluate and .predict do."""
import ctypes
import math
import os
import signal
import sys
import threading

from . import _ffi, _options
from ._call import Error, Object, call, read_text
from ._ffi import lib
from .data import as_dataset
from .layers import Loss, Monitor, Optimizer, named
from .report import Report
from .tensor import Tensor, as_tensor

MEASURES = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second", "learning_rate")


class Progress:
    """Where a run stands: the fields of visml_progress as attributes."""

    def __init__(self, pointer):
        self._struct = _ffi.visml_progress.from_buffer_copy(pointer.contents)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._struct, name)

    def text(self, bar=False):
        """One line as Keras prints it; bar: the one that a terminal overwrites."""
        return read_text(lib.visml_progress_text, ctypes.byref(self._struct), int(bar))


class Callback:
    """Base class of callbacks, all methods optional. A true result stops the run; an exception stops it and comes out of fit."""

    def epoch_begin(self, model, progress):
        """Before the first batch of an epoch."""

    def batch_end(self, model, progress):
        """After every batch."""

    def epoch_end(self, model, progress):
        """After the validation of an epoch."""


class Printer(Callback):
    """Keras' progress: verbose 1 the bar, 2 one line an epoch."""

    def __init__(self, verbose):
        self.verbose = verbose

    def epoch_begin(self, model, progress):
        if self.verbose == 1:
            print(f"Epoch {progress.epoch + 1}/{progress.epochs}", flush=True)

    def batch_end(self, model, progress):
        if self.verbose == 1:
            sys.stdout.write(progress.text(bar=True))
            sys.stdout.flush()

    def epoch_end(self, model, progress):
        print(progress.text(bar=self.verbose == 1), flush=True)


class Interruptible:
    """Runs a long call of the library with Python callbacks. An exception in one of them cancels the call and is raised again afterwards.
    So is Ctrl-C, also without callbacks: the first one is noted and cancels at the next batch; a second one comes at once."""

    def __init__(self, model, callbacks=()):
        self.model, self.callbacks = model, tuple(callbacks)
        self.exception = None
        self.signal = None
        self.stopped = False
        self.previous = None
        names = ("epoch_begin", "batch_end", "epoch_end")
        kinds = dict(_ffi.visml_callback._fields_)
        self.table = _ffi.visml_callback(size=ctypes.sizeof(_ffi.visml_callback))
        for name in names:
            if name == "batch_end" or any(hasattr(c, name) for c in self.callbacks):
                setattr(self.table, name, kinds[name](self._handler(name)))

    def _handler(self, name):
        def handler(_, __, progress):
            try:
                return self._run(name, progress)
            except BaseException as e:  # nothing may pass through C
                self.exception = e
                return 1
        return handler

    def _run(self, name, progress):
        if self.signal:
            return 1
        seen = Progress(progress) if self.callbacks else None
        for callback in self.callbacks:
            method = getattr(callback, name, None)
            if method is not None and method(self.model, seen):
                self.stopped = True
        return int(self.stopped)

    def _note(self, number, frame):
        if self.signal:
            self.previous(number, frame)
        self.signal = (number, frame)

    def __enter__(self):
        handler = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(handler):
            self.previous = handler
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind, error, trace):
        if self.previous is not None:
            signal.signal(signal.SIGINT, self.previous)
        if self.exception is not None:
            exception, self.exception = self.exception, None
            raise exception from None
        if self.signal:
            self.previous(*self.signal)
        # A run that a callback stopped has ended as it was told to.
        return isinstance(error, Error) and error.code == _ffi.VISML_ECANCELLED and self.stopped


class History(dict):
    """What a run recorded: {"loss": [an epoch each], ...}; measures without any value are left out. `epochs`: finished epochs;
    `stopped_by`: the kind of the monitor that ended the run early, or None."""

    def __init__(self, handle):
        super().__init__()
        self.epochs = lib.visml_history_epochs(handle)
        by = lib.visml_history_stopped_by(handle)
        self.stopped_by = by.decode() if by else None
        for name in MEASURES:
            values = [lib.visml_history_get(handle, name.encode(), e) for e in range(self.epochs)]
            if not all(math.isnan(v) for v in values):
                self[name] = values


def _doubles(weights, count):
    """[count] factors from a sequence or {class: factor}; 1 where nothing is said."""
    given = dict(weights) if hasattr(weights, "keys") else dict(enumerate(weights))
    array = (_ffi.double * count)(*([1.0] * count))
    for i, w in given.items():
        if not 0 <= i < count:
            raise ValueError(f"class_weight speaks of class {i}, there are {count}")
        array[i] = w
    return array


def raise_first(monitors):
    """The exception that a monitor's Python function ended the run with."""
    for m in monitors:
        failure = getattr(m, "exception", None)
        if failure is not None:
            m.exception = None
            raise failure


class Made:
    """Objects that a call borrows; freed after it."""

    def __init__(self):
        self.things = []

    def make(self, description, context, free):
        handle = description._make(context)
        self.things.append((free, handle))
        return handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for free, handle in self.things:
            free(handle)


def _lend(made, model, data, opts, loss, optimizer, callbacks, class_weight, sample_weight):
    """Fills what visml_fit_opts and visml_train_opts have in common. The run of the callbacks, and the monitors among them."""
    monitors = [c for c in callbacks if isinstance(c, Monitor)]
    run = Interruptible(model, [c for c in callbacks if not isinstance(c, Monitor)])
    if loss is not None:
        opts.loss = made.make(named(loss, Loss), model.context, lib.visml_loss_free)
    if optimizer is not None:
        opts.optimizer = made.make(named(optimizer, Optimizer), model.context, lib.visml_optimizer_free)
    if class_weight is not None:
        outputs = (model.output_shape or (0,))[-1] or 0
        opts.class_weight = _doubles(class_weight, max(len(data.classes), outputs, 1))
    if sample_weight is not None:
        made.weights = as_tensor(sample_weight, model.context).contiguous("float32")
        opts.sample_weight = made.weights._handle
    opts.callbacks, opts.callback_count = ctypes.pointer(run.table), 1
    handles = (ctypes.POINTER(_ffi.visml_monitor) * max(len(monitors), 1))(
        *[made.make(m, model.context, lib.visml_monitor_free) for m in monitors])
    opts.monitors, opts.monitor_count = handles, len(monitors)
    return run, monitors


def fit(model, data, *, loss=None, optimizer=None, validation=None, callbacks=(), class_weight=None, sample_weight=None, verbose=0,
        **options):
    """See Model.fit."""
    opts = _options.build(_ffi.visml_fit_opts, options)
    data = as_dataset(data, model.context)
    validation = None if validation is None else as_dataset(validation, model.context)
    if verbose:
        callbacks = (*callbacks, Printer(verbose))
    history = ctypes.POINTER(_ffi.visml_history)()
    with Made() as made:
        run, monitors = _lend(made, model, data, opts, loss, optimizer, callbacks, class_weight, sample_weight)
        if validation is not None:
            opts.validation = validation._handle
        try:
            with run:
                try:
                    call("visml_fit", model._handle, data._handle, ctypes.byref(opts), ctypes.byref(history))
                except Error as e:
                    e.history = History(history) if history else None
                    raise_first(monitors)
                    raise
            return History(history)
        finally:
            lib.visml_history_free(history)


class LRRange:
    """What a learning-rate range test saw: learning_rate, loss and smoothed, a step each, and the suggestion (NaN when the loss did not
    fall)."""

    def __init__(self, handle):
        steps = range(lib.visml_lr_range_count(handle))
        self.learning_rate = [lib.visml_lr_range_learning_rate(handle, i) for i in steps]
        self.loss = [lib.visml_lr_range_loss(handle, i) for i in steps]
        self.smoothed = [lib.visml_lr_range_smoothed(handle, i) for i in steps]
        self.suggestion = lib.visml_lr_range_suggestion(handle)


def lr_range_test(model, data, *, loss=None, optimizer=None, callbacks=(), **options):
    """See Model.lr_range_test."""
    run = Interruptible(model, callbacks)
    opts = _options.build(_ffi.visml_lr_range_opts, options)
    opts.callback = ctypes.pointer(run.table)
    data = as_dataset(data, model.context)
    handle = None
    with Made() as made:
        if loss is not None:
            opts.loss = made.make(named(loss, Loss), model.context, lib.visml_loss_free)
        if optimizer is not None:
            opts.optimizer = made.make(named(optimizer, Optimizer), model.context, lib.visml_optimizer_free)
        with run:
            handle = call("visml_lr_range_test", model._handle, data._handle, ctypes.byref(opts))
    try:
        return None if handle is None else LRRange(handle)
    finally:
        lib.visml_lr_range_free(handle)


def _text(found):
    return None if found is None else os.fsdecode(found)


class RunResult:
    """How a run of train_and_evaluate went: global_step, epochs, evaluations, loss, accuracy, val_loss, val_accuracy, best_step, best_loss,
    best_val_loss, ... (NaN where there is none); ended_by ("max_steps", "end_of_input", the kind of a monitor, or None), best_export (a
    path or None), passed_over (what was wrong with checkpoints, or None), history (a row an evaluation)."""

    WHOLE = ("global_step", "epochs", "evaluations")
    REAL = tuple(f"{best}{name}" for best in ("", "best_") for name in ("loss", "accuracy", "val_loss", "val_accuracy"))

    def __init__(self, handle):
        for name in self.WHOLE:
            setattr(self, name, int(lib.visml_run_result_get(handle, name.encode())))
        for name in (*self.REAL, "best_step"):
            setattr(self, name, lib.visml_run_result_get(handle, name.encode()))
        self.ended_by = _text(lib.visml_run_result_ended_by(handle))
        self.best_export = _text(lib.visml_run_result_best_export(handle))
        self.passed_over = _text(lib.visml_run_result_passed_over(handle))
        self.history = History(lib.visml_run_result_history(handle))


def _exporters(given):
    """An array of structs from names ("best") and dicts ({"kind": "best", "keep": 3})."""
    made = [_options.build(_ffi.visml_exporter_opts, {"kind": e} if isinstance(e, str) else e) for e in given]
    return (_ffi.visml_exporter_opts * max(len(made), 1))(*made), len(made)


def _sorted_out(options):
    """The keywords of the three structs."""
    parts = {struct: {} for struct in (_ffi.visml_train_opts, _ffi.visml_eval_opts, _ffi.visml_run_opts)}
    for keyword, value in options.items():
        struct = next((s for s in parts if keyword in _options.keywords(s)), None)
        if struct is None:
            there = ", ".join(k for s in parts for k in _options.keywords(s))
            raise TypeError(f"{keyword!r} is not an option of train_and_evaluate; there are {there}")
        parts[struct][keyword] = value
    return [_options.build(struct, values) for struct, values in parts.items()]


def train_and_evaluate(model, data, validation, *, loss=None, optimizer=None, callbacks=(), class_weight=None, sample_weight=None,
                       exporters=(), verbose=0, **options):
    """See Model.train_and_evaluate."""
    train, evaluation, run_opts = _sorted_out(options)
    data, validation = as_dataset(data, model.context), as_dataset(validation, model.context)
    train.data, evaluation.data = data._handle, validation._handle
    evaluation.exporters, evaluation.exporter_count = _exporters(exporters)
    if verbose:
        callbacks = (*callbacks, Printer(verbose))
    result = ctypes.POINTER(_ffi.visml_run_result)()
    with Made() as made:
        run, monitors = _lend(made, model, data, train, loss, optimizer, callbacks, class_weight, sample_weight)
        try:
            with run:
                try:
                    call("visml_train_and_evaluate", model._handle, ctypes.byref(train), ctypes.byref(evaluation),
                         ctypes.byref(run_opts), ctypes.byref(result))
                except Error as e:
                    e.result = RunResult(result) if result else None
                    raise_first(monitors)
                    raise
            return RunResult(result)
        finally:
            lib.visml_run_result_free(result)


class Quantization(Object):
    """How a model runs on bytes: what Model.quantize returns, for Model.evaluate, Model.predict and Session."""


def quantize(model, data, *, callbacks=(), **options):
    """See Model.quantize."""
    run = Interruptible(model, callbacks)
    opts = _options.build(_ffi.visml_quantize_opts, options)
    opts.callback = ctypes.pointer(run.table)
    data = as_dataset(data, model.context)
    handle = None
    with run:
        handle = call("visml_quantize", model._handle, data._handle, ctypes.byref(opts))
    return None if handle is None else Quantization(handle, lib.visml_quantization_free, model.context)


def _evaluate_options(model, options, run):
    quantization = options.pop("quantization", None)
    opts = _options.build(_ffi.visml_evaluate_opts, options)
    opts.callback = ctypes.pointer(run.table)
    if quantization is not None:
        opts.quantization = quantization._handle
    return opts


def evaluate(model, data, *, loss=None, callbacks=(), **options):
    """See Model.evaluate."""
    run = Interruptible(model, callbacks)
    opts = _evaluate_options(model, options, run)
    data = as_dataset(data, model.context)
    value, report = _ffi.double(), ctypes.POINTER(_ffi.visml_report)()
    with Made() as made:
        if loss is not None:
            opts.loss = made.make(named(loss, Loss), model.context, lib.visml_loss_free)
        with run:
            call("visml_evaluate", model._handle, data._handle, ctypes.byref(opts), ctypes.byref(value), ctypes.byref(report))
    return Report._adopt(report, model.context, value.value) if report else None


def predict(model, dataset, *, callbacks=(), **options):
    """See Model.predict."""
    run = Interruptible(model, callbacks)
    opts = _evaluate_options(model, options, run)
    handle = None
    with run:
        handle = call("visml_predict", model._handle, dataset._handle, ctypes.byref(opts))
    return None if handle is None else Tensor._adopt(handle, model.context)
