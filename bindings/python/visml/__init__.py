"""visml: image classifiers, from a folder of images to a trained, measured, saved model. A thin face of libvisml.

    import visml
    train, val, test = visml.Dataset.from_folder("photos", height=64, width=64).split((7, 1, 2))
    model = visml.Model(train.sample_shape, [visml.Rescaling(1 / 255), visml.Conv2D(32, 3, activation="relu"), visml.MaxPooling2D(2),
                                             visml.Flatten(), visml.Dense(len(train.classes), "softmax")])
    model.fit(train, validation=val, epochs=5, optimizer="adam")
    print(model.evaluate(test).text(test.classes))

NumPy is used when it is there, and not needed otherwise.
"""
from . import augmentation, image, plot
from ._call import Error
from .classify import Classifier
from .context import Context, default_context, version
from .data import Batch, Dataset, Loader, save_split
from .features import Features, Index, Table
from .layers import (GRU, LSTM, SGD, Activation, Adadelta, Adagrad, Adam, AdamW, Adamax, Add, Average, AveragePooling1D, AveragePooling2D,
                     BatchNormalization, Bidirectional, BinaryCrossentropy, BinaryFocalCrossentropy, CSVLogger, CategoricalCrossentropy,
                     CategoricalFocalCrossentropy, CategoricalHinge, Concatenate, Conv1D, Conv2D, Conv2DTranspose, CosineDecay,
                     CosineDecayRestarts, CosineSimilarity, Cropping1D, Cropping2D, Dense, DepthwiseConv2D, Dropout, EarlyStopping,
                     Embedding, ExponentialDecay, Flatten, GaussianDropout, GaussianNoise, GlobalAveragePooling1D, GlobalAveragePooling2D,
                     GlobalMaxPooling1D, GlobalMaxPooling2D, GroupNormalization, Hinge, Huber, InverseTimeDecay, JSONLogger, KLDivergence,
                     Layer, LayerNormalization, LearningRateScheduler, Lion, LogCosh, Loss, Masking, MaxPooling1D, MaxPooling2D, Maximum,
                     MeanAbsoluteError, MeanSquaredError, Minimum, ModelCheckpoint, Monitor, Multiply, Nadam, OneCycle, Optimizer, PReLU,
                     Permute, PiecewiseConstantDecay, Poisson, PolynomialDecay, RMSprop, ReduceLROnPlateau, RepeatVector, Rescaling,
                     Reshape, Rows, Schedule, SeparableConv2D, SimpleRNN, SlidingWindow, SparseCategoricalCrossentropy, SpatialDropout1D,
                     SpatialDropout2D, SquaredHinge, Subtract, TensorBoard, TerminateOnNaN, TimeDistributed, UpSampling2D, Warmup,
                     ZeroPadding1D, ZeroPadding2D)
from .model import Model, Session
from .pipeline import Pipeline, file_kind, nms
from .report import Report
from .tensor import Tensor, from_dlpack
from .training import Callback, History, LRRange, Progress, Quantization, RunResult

__version__ = version()
__all__ = [
    "image", "Error", "Context", "default_context", "version", "Batch", "Dataset", "Loader", "save_split", "LSTM", "SGD", "Activation",
    "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed", "Masking", "Rows", "SlidingWindow",
    "Adam", "Add", "AveragePooling2D", "BatchNormalization", "CategoricalCrossentropy", "Concatenate", "Conv2D", "Dense", "Dropout",
    "Flatten", "GlobalAveragePooling2D", "Layer", "Loss", "MaxPooling2D", "MeanSquaredError", "Optimizer", "Rescaling", "Reshape",
    "SparseCategoricalCrossentropy", "Model", "Session", "Report", "Tensor", "from_dlpack", "Callback", "History", "Progress",
    "Quantization", "CSVLogger", "EarlyStopping", "JSONLogger", "LearningRateScheduler", "ModelCheckpoint", "Monitor",
    "ReduceLROnPlateau", "TensorBoard", "TerminateOnNaN", "augmentation", "AdamW", "Adadelta", "Adagrad", "Adamax",
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge", "CosineDecay",
    "CosineDecayRestarts", "CosineSimilarity", "ExponentialDecay", "Hinge", "Huber", "InverseTimeDecay", "KLDivergence", "Lion",
    "LogCosh", "MeanAbsoluteError", "Nadam", "OneCycle", "PiecewiseConstantDecay", "Poisson", "PolynomialDecay", "RMSprop", "Schedule",
    "SquaredHinge", "Warmup", "LRRange", "Average", "Cropping1D", "Cropping2D", "Embedding", "GaussianDropout", "GaussianNoise",
    "Maximum", "Minimum", "Multiply", "PReLU", "Permute", "RepeatVector", "SpatialDropout1D", "SpatialDropout2D", "Subtract",
    "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D", "RunResult",
]
__all__ += ["Features", "Index", "Table"]
__all__ += ["Classifier", "Pipeline", "file_kind", "nms"]
__all__ += ["AveragePooling1D", "Conv1D", "Conv2DTranspose", "DepthwiseConv2D", "GlobalAveragePooling1D", "GlobalMaxPooling1D",
            "GlobalMaxPooling2D", "GroupNormalization", "LayerNormalization", "MaxPooling1D", "SeparableConv2D"]
