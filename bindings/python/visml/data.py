"""Datasets and loaders."""
import ctypes

from . import _ffi, _options
from ._call import Object, call, dims, path as make_path, shape as make_shape, text, texts
from ._ffi import lib
from .augmentation import Pipeline
from .context import default_context
from .tensor import Tensor, as_tensor, dtype_row


class Dataset(Object):
    """Labelled samples that can be asked for by number. Made by the from_... methods; the options of those that read files are those of
    visml_source_opts: on_invalid, height, width, color, fit, filter, follow_links."""

    def __init__(self, handle, context, keep=None):
        super().__init__(handle, lib.visml_dataset_free, context, keep)

    @classmethod
    def _open(cls, function, context, *arguments, options):
        context = context or default_context()
        opts = _options.build(_ffi.visml_source_opts, options)
        return cls(call(function, context._handle, *arguments, ctypes.byref(opts)), context)

    @classmethod
    def from_folder(cls, folder, *, context=None, **options):
        """A folder with one folder for each class."""
        return cls._open("visml_dataset_from_folder", context, make_path(folder), options=options)

    @classmethod
    def from_idx(cls, images, labels, *, context=None, **options):
        """IDX files, plain or gzip, as MNIST's."""
        return cls._open("visml_dataset_from_idx", context, make_path(images), make_path(labels), options=options)

    @classmethod
    def from_csv(cls, path, *, context=None, **options):
        """A CSV file with the columns path and label."""
        return cls._open("visml_dataset_from_csv", context, make_path(path), options=options)

    @classmethod
    def from_manifest(cls, path, part=None, *, context=None, **options):
        """A part ("train", "val", "test") of a file that save_split wrote; None: all of them."""
        part = None if part is None else text(part, "part")
        return cls._open("visml_dataset_from_manifest", context, make_path(path), part, options=options)

    @classmethod
    def from_arrays(cls, images, targets, class_names=None, classes=0, *, context=None):
        """Arrays in memory, without a copy where they are contiguous: images [N, ...], uint8 or float32; class numbers [N], or float32
        targets [N, ...]. Other types are converted."""
        context = context or default_context()
        images = as_tensor(images, context).contiguous("float32", "uint8")
        targets = as_tensor(targets, context).contiguous("float32", "int32", "uint8", "int64")
        names, n = texts(class_names, "class_names")
        handle = call("visml_dataset_from_arrays", context._handle, images._handle, targets._handle, names, n or classes)
        return cls(handle, context, keep=(images, targets))

    @classmethod
    def from_callback(cls, count, shape, function, dtype="uint8", class_names=None, classes=0, *, context=None, **options):
        """Samples made by function(index), which returns (pixels, label); pixels: an array or a tensor of this shape and dtype. Called from
        several threads. An exception makes the sample invalid, with its text as the reason."""
        context = context or default_context()
        row, shape = dtype_row(dtype), tuple(shape)
        names, n = texts(class_names, "class_names")
        thunk = _sample_thunk(function, shape, row[0], context)
        opts = _options.build(_ffi.visml_source_opts, options)
        handle = call("visml_dataset_from_callback", context._handle, count, row[1], make_shape(shape), names, n or classes, thunk, None,
                      ctypes.byref(opts))
        return cls(handle, context, keep=thunk)

    def subset(self, indices):
        """The samples of these numbers, in this order."""
        numbers = [int(i) for i in indices]
        array = (_ffi.int64 * max(len(numbers), 1))(*numbers)
        return Dataset(call("visml_dataset_subset", self._handle, array, len(numbers)), self.context, keep=self._keep)

    def with_classes(self, names):
        """The same samples with labels numbered as a model has its classes; matched by name."""
        array, n = texts(names, "names")
        return Dataset(call("visml_dataset_with_classes", self._handle, array, n), self.context, keep=self._keep)

    def augment(self, *augmentations):
        """The same samples, changed by these (visml.augmentation) in order when a loader reads them: for training data."""
        handle = Pipeline(augmentations)._make(self.context)
        try:
            return Dataset(call("visml_dataset_augment", self._handle, handle), self.context, keep=self._keep)
        finally:
            lib.visml_augmentation_free(handle)

    def split(self, ratio=(7, 1, 2), *, mode="stratified", seed=None, group=None):
        """(train, val, test); None where a share is 0."""
        opts = _options.build(_ffi.visml_split_opts, {"mode": mode, "ratio": ratio, "seed": seed, "group": group})
        parts = (ctypes.POINTER(_ffi.visml_dataset) * 3)()
        call("visml_dataset_split", self._handle, ctypes.byref(opts), parts)
        # Each element is copied out: an item of an array of pointers is a view of the array.
        return tuple(Dataset(ctypes.cast(p, ctypes.POINTER(_ffi.visml_dataset)), self.context, self._keep) if p else None for p in parts)

    def __len__(self):
        return lib.visml_dataset_count(self._handle)

    def __getitem__(self, i):
        """(pixels, label) of one sample."""
        if not -len(self) <= i < len(self):
            raise IndexError(f"sample {i} of {len(self)}")
        i %= len(self)
        return Tensor._adopt(call("visml_dataset_read", self._handle, i), self.context, keep=self._keep), self.label(i)

    def label(self, i):
        """The class number of sample i; -1 when it has none."""
        return lib.visml_dataset_label(self._handle, i)

    def path(self, i):
        """The path of sample i; None when it is not a file."""
        found = lib.visml_dataset_path(self._handle, i)
        return None if found is None else found.decode("utf-8", "surrogateescape")

    @property
    def labels(self):
        return [self.label(i) for i in range(len(self))]

    @property
    def paths(self):
        return [self.path(i) for i in range(len(self))]

    @property
    def classes(self):
        """Names of the classes."""
        return [lib.visml_dataset_class_name(self._handle, i).decode("utf-8", "surrogateescape")
                for i in range(lib.visml_dataset_class_count(self._handle))]

    @property
    def sample_shape(self):
        """The shape of one sample."""
        s = _ffi.visml_shape()
        call("visml_dataset_sample_shape", self._handle, ctypes.byref(s))
        return dims(ctypes.pointer(s))

    @property
    def dropped(self):
        """(path, reason) of each image found invalid up to now."""
        return [self._dropped(i) for i in range(lib.visml_dataset_dropped_count(self._handle))]

    def _dropped(self, i):
        path, reason = ctypes.create_string_buffer(4096 + 256), ctypes.create_string_buffer(1016)
        call("visml_dataset_dropped", self._handle, i, path, len(path), reason, len(reason))
        return path.value.decode("utf-8", "surrogateescape"), reason.value.decode("utf-8", "replace")

    def loader(self, **options):
        return Loader(self, **options)


def save_split(parts, path):
    """Writes (train, val, test), any of them None, as a manifest."""
    if len(parts) != 3:
        raise ValueError(f"parts has {len(parts)} elements, must have 3: train, val, test")
    handles = (ctypes.POINTER(_ffi.visml_dataset) * 3)(*(p._handle if p is not None else None for p in parts))
    call("visml_split_save", handles, make_path(path))


def _sample_thunk(function, shape, dtype, context):
    @_ffi.visml_sample_fn
    def thunk(_, index, pixels, label, reason):
        try:
            sample, number = function(index)
            sample = as_tensor(sample, context)
            if sample.shape != shape or sample.dtype != dtype:
                raise ValueError(f"the function gave {sample.shape} {sample.dtype}, must give {shape} {dtype}")
            content = sample.tobytes()
            ctypes.memmove(pixels, content, len(content))
            label[0] = number
            return 0
        except BaseException as e:  # nothing may pass through C
            why = (str(e) or type(e).__name__).encode()[:255]
            ctypes.memmove(reason, why + b"\0", len(why) + 1)
            return 1
    return thunk


class Batch(Object):
    """Samples that go together. Its tensors keep it alive; its memory is used again once all of them are gone."""

    def __init__(self, handle, loader):
        super().__init__(handle, lib.visml_batch_free, loader.context, keep=loader)

    def __len__(self):
        return lib.visml_batch_count(self._handle)

    @property
    def epoch(self):
        return lib.visml_batch_epoch(self._handle)

    @property
    def step(self):
        return lib.visml_batch_step(self._handle)

    @property
    def images(self):
        return Tensor._adopt(lib.visml_batch_images(self._handle), self.context, keep=self, owned=False)

    @property
    def targets(self):
        return Tensor._adopt(lib.visml_batch_targets(self._handle), self.context, keep=self, owned=False)

    @property
    def indices(self):
        """The samples' numbers in the dataset."""
        return lib.visml_batch_indices(self._handle)[: len(self)]


class Loader(Object):
    """Walks over a dataset in batches: `for batch in loader`. Options: those of visml_loader_opts. One walk; make another for the next."""

    def __init__(self, dataset, **options):
        opts = _options.build(_ffi.visml_loader_opts, options)
        handle = call("visml_loader_new", dataset._handle, ctypes.byref(opts))
        super().__init__(handle, lib.visml_loader_free, dataset.context, keep=dataset)

    @property
    def steps(self):
        """Batches in one epoch."""
        return lib.visml_loader_steps(self._handle)

    def __iter__(self):
        return self

    def __next__(self):
        batch = ctypes.POINTER(_ffi.visml_batch)()
        call("visml_loader_next", self._handle, ctypes.byref(batch))
        if not batch:
            raise StopIteration
        return Batch(batch, self)


def as_dataset(data, context):
    """A Dataset from itself or from (images, targets)."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return Dataset.from_arrays(*data, context=context)
    raise TypeError(f"data is a {type(data).__name__}, must be a Dataset or (images, targets)")
