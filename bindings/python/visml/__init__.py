"""visml: image classifiers, from a folder of images to a trained, measured, saved model. A thin face of libvisml.

    import visml
    train, val, test = visml.Dataset.from_folder("photos", height=64, width=64).split((7, 1, 2))
    model = visml.Model(train.sample_shape, [visml.Rescaling(1 / 255), visml.Conv2D(32, 3, activation="relu"), visml.MaxPooling2D(2),
                                             visml.Flatten(), visml.Dense(len(train.classes), "softmax")])
    model.fit(train, validation=val, epochs=5, optimizer="adam")
    print(model.evaluate(test).text(test.classes))

NumPy is used when it is there, and not needed otherwise.
"""
from . import image
from ._call import Error
from .context import Context, default_context, version
from .data import Batch, Dataset, Loader, save_split
from .layers import (LSTM, SGD, Activation, Adam, Add, AveragePooling2D, BatchNormalization, CSVLogger, CategoricalCrossentropy,
                     Concatenate, Conv2D, Dense, Dropout, EarlyStopping, Flatten, GlobalAveragePooling2D, JSONLogger, Layer,
                     LearningRateScheduler, Loss, MaxPooling2D, MeanSquaredError, ModelCheckpoint, Monitor, Optimizer, ReduceLROnPlateau,
                     Rescaling, Reshape, SparseCategoricalCrossentropy, TensorBoard, TerminateOnNaN)
from .model import Model, Session
from .report import Report
from .tensor import Tensor, from_dlpack
from .training import Callback, History, Progress, Quantization, RunResult

__version__ = version()
__all__ = [
    "image", "Error", "Context", "default_context", "version", "Batch", "Dataset", "Loader", "save_split", "LSTM", "SGD", "Activation",
    "Adam", "Add", "AveragePooling2D", "BatchNormalization", "CategoricalCrossentropy", "Concatenate", "Conv2D", "Dense", "Dropout",
    "Flatten", "GlobalAveragePooling2D", "Layer", "Loss", "MaxPooling2D", "MeanSquaredError", "Optimizer", "Rescaling", "Reshape",
    "SparseCategoricalCrossentropy", "Model", "Session", "Report", "Tensor", "from_dlpack", "Callback", "History", "Progress",
    "Quantization", "CSVLogger", "EarlyStopping", "JSONLogger", "LearningRateScheduler", "ModelCheckpoint", "Monitor",
    "ReduceLROnPlateau", "RunResult", "TensorBoard", "TerminateOnNaN",
]
