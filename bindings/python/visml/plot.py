"""Pictures of features, drawn by the library: no other package is needed.

    features.plot(image).save("seen.png")                             # what each extractor sees
    table.plot(title="by class").save("classes.svg")                  # principal components
    table.plot_clusters(train, clusters=10).save("clusters.png")
    visml.plot.histogram(distances).save("distances.svg")

A notebook shows a Plot that is the last value of a cell. Options are the fields of the structs in visml/plot.h.
"""
import ctypes

from . import _ffi, _options
from ._call import Object, call, path as make_path, texts
from ._ffi import lib
from .tensor import Tensor, as_tensor


class Plot(Object):
    """A drawing that does not change."""

    def __init__(self, handle, context):
        super().__init__(handle, lib.visml_plot_free, context)

    def save(self, path):
        """A PNG or an SVG file, as the path ends with .png or .svg."""
        call("visml_plot_save", self._handle, make_path(path))

    @property
    def image(self):
        """The pixels: a Tensor [H, W, 3], uint8."""
        return Tensor._adopt(call("visml_plot_image", self._handle), self.context)

    def _repr_png_(self):
        image = self.image
        file = Tensor._adopt(call("visml_image_encode_png", image._handle), self.context)
        return ctypes.string_at(lib.visml_tensor_data(file._handle), file.shape[0])


def _draw(name, context, *arguments, struct, options):
    return Plot(call(name, *arguments, ctypes.byref(_options.build(struct, options))), context)


def _draw_by_class(name, things, labels, class_names, struct, options):
    """With labels [N], or None, and names of their classes, or None."""
    labels = None if labels is None else as_tensor(labels, things.context).contiguous("int32")
    handle = None if labels is None else labels._handle
    return _draw(name, things.context, things._handle, handle, *texts(class_names, "class_names"), struct=struct, options=options)


def histogram(values, **options):
    """How many of the values are in which bin. Options: bins, width, height, title, x_label, y_label."""
    values = as_tensor(values).contiguous("float32")
    return _draw("visml_plot_histogram", values.context, values._handle, struct=_ffi.visml_plot_chart_opts, options=options)


def scatter(points, labels=None, class_names=None, **options):
    """Points [N, 2], by class: labels [N], below 0 for none. Options: width, height, title, x_label, y_label."""
    points = as_tensor(points).contiguous("float32")
    return _draw_by_class("visml_plot_scatter", points, labels, class_names, _ffi.visml_plot_chart_opts, options)


def contact_sheet(images, labels=None, class_names=None, **options):
    """Pictures [N, H, W, C], class after class where there are labels [N]. Options: side, columns, title."""
    images = as_tensor(images).contiguous("uint8", "float32")
    return _draw_by_class("visml_plot_contact_sheet", images, labels, class_names, _ffi.visml_plot_sheet_opts, options)


def features(features, image, **options):
    """A picture and what each extractor of a Features sees in it. Options: scale, title."""
    image = as_tensor(image, features.context).contiguous("uint8", "float32")
    return _draw("visml_plot_features", features.context, features._handle, image._handle, struct=_ffi.visml_plot_extractor_opts,
                 options=options)


def table(table, **options):
    """The rows of a Table on their first two principal components. Options: width, height, title, x_label, y_label."""
    return _draw("visml_plot_table", table.context, table._handle, struct=_ffi.visml_plot_chart_opts, options=options)


def clusters(table, dataset, **options):
    """Clusters of the rows of a Table, with pictures of its Dataset. Options: clusters, columns, side, seed, title."""
    return _draw("visml_plot_clusters", table.context, table._handle, dataset._handle, struct=_ffi.visml_plot_sheet_opts, options=options)
