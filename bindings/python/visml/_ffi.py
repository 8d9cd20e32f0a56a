"""The C interface as it is: constants, structs, callbacks and every exported function, declared for ctypes.

Nothing here adds meaning; the names are those of the headers, which say what they do. A test compares all of it with the headers.
Importing this module loads the library and fails with an ImportError that lists where it was looked for.
"""
import ctypes
import ctypes.util
import os
import pathlib
from ctypes import CFUNCTYPE, Structure, c_char, c_char_p, c_double as double, c_int32 as int32, c_int64 as int64
from ctypes import c_size_t as size_t, c_uint32 as uint32, c_uint64 as uint64, c_void_p
from ctypes import POINTER as P

ABI_MAJOR = 0

# ---- constants ----

VISML_OK = 0
VISML_EINVAL = -1
VISML_ENOMEM = -2
VISML_EIO = -3
VISML_EFORMAT = -4
VISML_ELIMIT = -5
VISML_EUNSUPPORTED = -6
VISML_ECANCELLED = -7
VISML_ENONFINITE = -8
VISML_ESTATE = -9
VISML_EINTERNAL = -10
VISML_MAX_RANK = 8
VISML_ZERO = 1.1754943508222875e-38
VISML_CPU_SSE4 = 0x1
VISML_CPU_AVX2 = 0x2
VISML_CPU_AVX512 = 0x4
VISML_CPU_NEON = 0x8
VISML_CPU_VNNI = 0x10
VISML_CPU_REF = 0x80000000
VISML_F32 = 1
VISML_F64 = 2
VISML_U8 = 3
VISML_U16 = 4
VISML_I32 = 5
VISML_I64 = 6
VISML_COLOR_AS_IS = 0
VISML_COLOR_GRAY = 1
VISML_COLOR_RGB = 3
VISML_COLOR_RGBA = 4
VISML_FORMAT_UNKNOWN = 0
VISML_FORMAT_JPEG = 1
VISML_FORMAT_PNG = 2
VISML_FORMAT_BMP = 3
VISML_FORMAT_GIF = 4
VISML_FORMAT_PNM = 5
VISML_FORMAT_TGA = 6
VISML_FILTER_BILINEAR = 0
VISML_FILTER_NEAREST = 1
VISML_FILTER_AREA = 2
VISML_FIT_STRETCH = 0
VISML_FIT_CROP = 1
VISML_FIT_PAD = 2
VISML_LINEAR = 0
VISML_RELU = 1
VISML_LEAKY_RELU = 2
VISML_SIGMOID = 3
VISML_TANH = 4
VISML_SOFTMAX = 5
VISML_RELU6 = 6
VISML_IDENTITY = 7
VISML_GELU = 8
VISML_GELU_TANH = 9
VISML_SILU = 10
VISML_SWISH = 10
VISML_ELU = 11
VISML_SELU = 12
VISML_SOFTPLUS = 13
VISML_SOFTSIGN = 14
VISML_HARD_SIGMOID = 15
VISML_HARD_SILU = 16
VISML_HARD_SWISH = 16
VISML_EXPONENTIAL = 17
VISML_MISH = 18
VISML_LOG_SOFTMAX = 19
VISML_INIT_DEFAULT = 0
VISML_INIT_ZEROS = 1
VISML_INIT_ONES = 2
VISML_INIT_GLOROT_UNIFORM = 3
VISML_INIT_GLOROT_NORMAL = 4
VISML_INIT_HE_UNIFORM = 5
VISML_INIT_HE_NORMAL = 6
VISML_INIT_LECUN_UNIFORM = 7
VISML_INIT_LECUN_NORMAL = 8
VISML_INIT_RANDOM_UNIFORM = 9
VISML_INIT_RANDOM_NORMAL = 10
VISML_INIT_ORTHOGONAL = 11
VISML_ANNEAL_COS = 0
VISML_ANNEAL_LINEAR = 1
VISML_MAX_BOUNDARIES = 32
VISML_UP_NEAREST = 0
VISML_UP_BILINEAR = 1
VISML_VALID = 0
VISML_SAME = 1
VISML_CAUSAL = 2
VISML_MERGE_CONCAT = 0
VISML_MERGE_SUM = 1
VISML_MERGE_MUL = 2
VISML_MERGE_AVE = 3
VISML_INVALID_DROP = 0
VISML_INVALID_ERROR = 1
VISML_INVALID_KEEP = 2
VISML_FILL_REFLECT = 0
VISML_FILL_CONSTANT = 1
VISML_FILL_NEAREST = 2
VISML_FILL_WRAP = 3
VISML_INTERPOLATION_BILINEAR = 0
VISML_INTERPOLATION_NEAREST = 1
VISML_FLIP_HORIZONTAL_AND_VERTICAL = 0
VISML_FLIP_HORIZONTAL = 1
VISML_FLIP_VERTICAL = 2
VISML_MODE_AUTO = 0
VISML_MODE_MIN = 1
VISML_MODE_MAX = 2
VISML_SPLIT_STRATIFIED = 0
VISML_SPLIT_RANDOM = 1
VISML_SPLIT_GROUPED = 2
VISML_ANY = -1
VISML_MODE_AUTO = 0
VISML_MODE_MIN = 1
VISML_MODE_MAX = 2
VISML_EXPORT_LATEST = 0
VISML_EXPORT_BEST = 1
VISML_EXPORT_FINAL = 2
VISML_SPACE_AS_IS = 0
VISML_SPACE_GRAY = 1
VISML_SPACE_RGB = 2
VISML_SPACE_HSV = 3
VISML_SPACE_LAB = 4
VISML_HISTOGRAM_L1 = 0
VISML_HISTOGRAM_L2 = 1
VISML_HISTOGRAM_MAX = 2
VISML_HISTOGRAM_NONE = 3
VISML_SKEWNESS_CUBE_ROOT = 0
VISML_SKEWNESS_STANDARDIZED = 1
VISML_SKEWNESS_NONE = 2
VISML_QUALITY_NUMBERS = 6
VISML_HOG_DALAL_TRIGGS = 0
VISML_HOG_UOCTTI = 1
VISML_HOG_L2_HYS = 0
VISML_HOG_L2 = 1
VISML_HOG_L1 = 2
VISML_HOG_L1_SQRT = 3
VISML_LBP_UNIFORM = 1
VISML_LBP_DEFAULT = 2
VISML_LBP_ROR = 3
VISML_LBP_NRI_UNIFORM = 4
VISML_DAISY_L1 = 0
VISML_DAISY_L2 = 1
VISML_DAISY_DAISY = 2
VISML_DAISY_OFF = 3
VISML_DISTANCE_MAP_EDGES = 0
VISML_DISTANCE_MAP_BRIGHT = 1
VISML_WORDS_L1 = 1
VISML_WORDS_L2 = 2
VISML_WORDS_NONE = 3
VISML_NORM_L2 = 1
VISML_NORM_L1 = 2
VISML_NORM_MAX = 3
VISML_NORM_POWER = 4
VISML_PCA_AUTO = 0
VISML_PCA_COVARIANCE = 1
VISML_PCA_RANDOMIZED = 2
VISML_KERNEL_MAP_CHI2 = 0
VISML_KERNEL_MAP_INTERSECTION = 1
VISML_KERNEL_MAP_JENSEN_SHANNON = 2
VISML_METRIC_L2 = 1
VISML_METRIC_COSINE = 2
VISML_METRIC_CHI2 = 3
VISML_METRIC_L1 = 4
VISML_METRIC_INTERSECTION = 5
VISML_TASK_CLASSIFICATION = 0
VISML_TASK_REGRESSION = 1
VISML_TASK_CLUSTERING = 2
VISML_TASK_OUTLIERS = 3
VISML_CLASS_WEIGHT_EQUAL = 0
VISML_CLASS_WEIGHT_BALANCED = 1
VISML_LAYER_POOLING_AVERAGE = 0
VISML_LAYER_POOLING_MAXIMUM = 1
VISML_LAYER_POOLING_FLATTEN = 2
VISML_PIPELINE_FEATURES = 1
VISML_PIPELINE_VECTORS = 2
VISML_PIPELINE_CLASSIFIER = 3
# classifiers: linear
VISML_LINEAR_L2 = 0
VISML_LINEAR_L1 = 1
VISML_LINEAR_ELASTIC_NET = 2
VISML_LINEAR_NONE = 3
VISML_LINEAR_SVM_AUTO = 0
VISML_LINEAR_SVM_PLAIN = 1
VISML_LINEAR_SVM_SQUARED = 2
VISML_LINEAR_SVM_BY_SIZE = 0
VISML_LINEAR_SVM_DUAL = 1
VISML_LINEAR_SVM_PRIMAL = 2
VISML_SGD_AUTO = 0
VISML_SGD_HINGE = 1
VISML_SGD_LOG = 2
VISML_SGD_MODIFIED_HUBER = 3
VISML_SGD_SQUARED_HINGE = 4
VISML_SGD_PERCEPTRON = 5
VISML_SGD_SQUARED_ERROR = 6
VISML_SGD_HUBER = 7
VISML_SGD_EPSILON_INSENSITIVE = 8
VISML_SGD_SQUARED_EPSILON_INSENSITIVE = 9
VISML_SGD_SCHEDULE_AUTO = 0
VISML_SGD_OPTIMAL = 1
VISML_SGD_CONSTANT = 2
VISML_SGD_INVSCALING = 3
VISML_SGD_ADAPTIVE = 4
VISML_PASSIVE_AGGRESSIVE_1 = 0
VISML_PASSIVE_AGGRESSIVE_2 = 1
# classifiers: support vector machines with kernels
VISML_SVM_RBF = 0
VISML_SVM_LINEAR = 1
VISML_SVM_POLYNOMIAL = 2
VISML_SVM_SIGMOID = 3
VISML_SVM_CHI2 = 4
VISML_SVM_INTERSECTION = 5
VISML_SVM_PRECOMPUTED = 6
VISML_SVM_GAMMA_SCALE = 0
VISML_SVM_GAMMA_AUTO = 1
VISML_SVM_ONE_VS_REST = 0
VISML_SVM_ONE_VS_ONE = 1
# classifiers: trees, forests, boosting
VISML_CRITERION_GINI = 0
VISML_CRITERION_ENTROPY = 1
VISML_FEATURES_SQRT = -1
VISML_FEATURES_LOG2 = -2
VISML_FEATURES_ALL = -3
VISML_ROWS_BOOTSTRAP = 1
VISML_ROWS_ALL = 2
VISML_ADABOOST_SAMME = 0
VISML_ADABOOST_SAMME_R = 1
VISML_BOOSTER_GBTREE = 0
VISML_BOOSTER_DART = 1
VISML_GROW_DEPTHWISE = 0
VISML_GROW_LOSSGUIDE = 1
VISML_DART_UNIFORM = 0
VISML_DART_WEIGHTED = 1
VISML_DART_TREE = 0
VISML_DART_FOREST = 1
VISML_MONOTONE_COLUMNS = 64
VISML_IMPORTANCE_IMPURITY = 0
VISML_IMPORTANCE_GAIN = 1
VISML_IMPORTANCE_COVER = 2
VISML_IMPORTANCE_WEIGHT = 3
VISML_IMPORTANCE_TOTAL_GAIN = 4
VISML_IMPORTANCE_TOTAL_COVER = 5
# classifiers: neighbours, naive Bayes, clusters
VISML_NEIGHBORS_UNIFORM = 0
VISML_NEIGHBORS_DISTANCE = 1
VISML_KMEANS_PLUS_PLUS = 0
VISML_KMEANS_RANDOM = 1
VISML_COVARIANCE_DIAG = 0
VISML_COVARIANCE_FULL = 1
# classifiers: what works by others
VISML_CALIBRATION_SIGMOID = 0
VISML_CALIBRATION_ISOTONIC = 1
VISML_VOTING_HARD = 0
VISML_VOTING_SOFT = 1
VISML_MAX_VOTERS = 32


# ---- opaque objects, used through pointers only ----


class visml_context(Structure):
    """Opaque."""


class visml_tensor(Structure):
    """Opaque."""


class visml_layer(Structure):
    """Opaque."""


class visml_loss(Structure):
    """Opaque."""


class visml_schedule(Structure):
    """Opaque."""


class visml_optimizer(Structure):
    """Opaque."""


class visml_dataset(Structure):
    """Opaque."""


class visml_augmentation(Structure):
    """Opaque."""


class visml_loader(Structure):
    """Opaque."""


class visml_batch(Structure):
    """Opaque."""


class visml_model(Structure):
    """Opaque."""


class visml_quantization(Structure):
    """Opaque."""


class visml_session(Structure):
    """Opaque."""


class visml_regions(Structure):
    """Opaque."""


class visml_extractor(Structure):
    """Opaque."""


class visml_aggregator(Structure):
    """Opaque."""


class visml_transform(Structure):
    """Opaque."""


class visml_features(Structure):
    """Opaque."""


class visml_table(Structure):
    """Opaque."""


class visml_index(Structure):
    """Opaque."""


class visml_plot(Structure):
    """Opaque."""


class visml_report(Structure):
    """Opaque."""


class visml_monitor(Structure):
    """Opaque."""


class visml_history(Structure):
    """Opaque."""


class visml_lr_range(Structure):
    """Opaque."""


class visml_run_result(Structure):
    """Opaque."""


class visml_pipeline(Structure):
    """Opaque."""


class visml_classifier(Structure):
    """Opaque."""


# ---- callbacks ----

visml_log_fn = CFUNCTYPE(None, c_void_p, int32, c_char_p)
visml_block_fn = CFUNCTYPE(None, c_void_p, size_t, size_t)
visml_parallel_fn = CFUNCTYPE(None, c_void_p, size_t, visml_block_fn, c_void_p)
visml_release_fn = CFUNCTYPE(None, c_void_p)
visml_sample_fn = CFUNCTYPE(int32, c_void_p, int64, c_void_p, P(int32), P(c_char))


# ---- transparent structs ----


class visml_error(Structure):
    _fields_ = [("size", uint32), ("code", int32), ("message", c_char * 1016)]


class visml_shape(Structure):
    _fields_ = [("size", uint32), ("rank", int32), ("dims", int64 * VISML_MAX_RANK)]


class visml_allocator(Structure):
    _fields_ = [("size", uint32), ("reserved", uint32), ("user", c_void_p),
                ("alloc", CFUNCTYPE(c_void_p, c_void_p, size_t, size_t)),
                ("free", CFUNCTYPE(None, c_void_p, c_void_p, size_t))]


class visml_context_opts(Structure):
    _fields_ = [("size", uint32), ("threads", int32), ("cpu_mask", uint32), ("max_scans", int32),
                ("memory_limit", uint64), ("max_pixels", int64), ("max_decode_bytes", uint64),
                ("max_file_bytes", uint64), ("seed", uint64), ("allocator", P(visml_allocator)), ("log", visml_log_fn),
                ("log_user", c_void_p), ("parallel", visml_parallel_fn), ("parallel_user", c_void_p)]


class visml_decode_opts(Structure):
    _fields_ = [("size", uint32), ("color", int32), ("keep_16bit", int32), ("ignore_orientation", int32)]


class visml_image_info(Structure):
    _fields_ = [("size", uint32), ("format", int32), ("width", int64), ("height", int64), ("channels", int32),
                ("bits", int32), ("orientation", int32), ("reserved", int32), ("camera", c_char * 64),
                ("taken", c_char * 24)]


class visml_conv2d_opts(Structure):
    _fields_ = [("size", uint32), ("filters", int32), ("kernel_size", int32 * 2), ("strides", int32 * 2),
                ("dilation_rate", int32 * 2), ("padding", int32), ("groups", int32), ("activation", int32),
                ("no_bias", int32), ("kernel_initializer", int32), ("bias_initializer", int32), ("name", c_char_p)]


class visml_pool2d_opts(Structure):
    _fields_ = [("size", uint32), ("pool_size", int32 * 2), ("strides", int32 * 2), ("padding", int32),
                ("name", c_char_p)]


class visml_global_pool2d_opts(Structure):
    _fields_ = [("size", uint32), ("keepdims", int32), ("name", c_char_p)]


class visml_conv1d_opts(Structure):
    _fields_ = [("size", uint32), ("filters", int32), ("kernel_size", int32), ("strides", int32), ("dilation_rate", int32),
                ("padding", int32), ("groups", int32), ("activation", int32), ("no_bias", int32), ("kernel_initializer", int32),
                ("bias_initializer", int32), ("reserved", int32), ("name", c_char_p)]


class visml_conv2d_transpose_opts(Structure):
    _fields_ = [("size", uint32), ("filters", int32), ("kernel_size", int32 * 2), ("strides", int32 * 2),
                ("dilation_rate", int32 * 2), ("padding", int32), ("activation", int32), ("no_bias", int32),
                ("kernel_initializer", int32), ("bias_initializer", int32), ("reserved", int32), ("output_padding", double * 2),
                ("name", c_char_p)]


class visml_depthwise_conv2d_opts(Structure):
    _fields_ = [("size", uint32), ("kernel_size", int32 * 2), ("strides", int32 * 2), ("dilation_rate", int32 * 2),
                ("padding", int32), ("depth_multiplier", int32), ("activation", int32), ("no_bias", int32),
                ("depthwise_initializer", int32), ("bias_initializer", int32), ("reserved", int32), ("name", c_char_p)]


class visml_separable_conv2d_opts(Structure):
    _fields_ = [("size", uint32), ("filters", int32), ("kernel_size", int32 * 2), ("strides", int32 * 2),
                ("dilation_rate", int32 * 2), ("padding", int32), ("depth_multiplier", int32), ("activation", int32),
                ("no_bias", int32), ("depthwise_initializer", int32), ("pointwise_initializer", int32),
                ("bias_initializer", int32), ("reserved", int32), ("name", c_char_p)]


class visml_pool1d_opts(Structure):
    _fields_ = [("size", uint32), ("pool_size", int32), ("strides", int32), ("padding", int32), ("name", c_char_p)]


class visml_global_pool1d_opts(Structure):
    _fields_ = [("size", uint32), ("keepdims", int32), ("name", c_char_p)]


class visml_layernorm_opts(Structure):
    _fields_ = [("size", uint32), ("axis", int32 * (VISML_MAX_RANK - 1)), ("epsilon", double), ("no_center", int32),
                ("no_scale", int32), ("rms_scaling", int32), ("beta_initializer", int32), ("gamma_initializer", int32),
                ("reserved", int32), ("name", c_char_p)]


class visml_groupnorm_opts(Structure):
    _fields_ = [("size", uint32), ("groups", int32), ("epsilon", double), ("no_center", int32), ("no_scale", int32),
                ("beta_initializer", int32), ("gamma_initializer", int32), ("name", c_char_p)]


class visml_batchnorm_opts(Structure):
    _fields_ = [("size", uint32), ("no_center", int32), ("momentum", double), ("epsilon", double), ("no_scale", int32),
                ("axis", int32), ("name", c_char_p), ("beta_initializer", int32), ("gamma_initializer", int32),
                ("moving_mean_initializer", int32), ("moving_variance_initializer", int32)]


class visml_dropout_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("rate", double), ("seed", uint64), ("name", c_char_p)]


class visml_layer_opts(Structure):
    _fields_ = [("size", uint32), ("frozen", int32), ("kernel_l1", double), ("kernel_l2", double),
                ("recurrent_l1", double), ("recurrent_l2", double), ("bias_l1", double), ("bias_l2", double),
                ("activity_l1", double), ("activity_l2", double), ("kernel_max_norm", double),
                ("recurrent_max_norm", double), ("bias_max_norm", double)]


class visml_plain_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("name", c_char_p)]


class visml_dense_opts(Structure):
    _fields_ = [("size", uint32), ("units", int32), ("activation", int32), ("no_bias", int32),
                ("kernel_initializer", int32), ("bias_initializer", int32), ("name", c_char_p)]


class visml_activation_opts(Structure):
    _fields_ = [("size", uint32), ("activation", int32), ("alpha", double), ("name", c_char_p)]


class visml_reshape_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("target_shape", int64 * (VISML_MAX_RANK - 1)), ("name", c_char_p)]


class visml_rescaling_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("scale", double), ("offset", double), ("name", c_char_p)]


class visml_concatenate_opts(Structure):
    _fields_ = [("size", uint32), ("axis", int32), ("name", c_char_p)]


class visml_permute_opts(Structure):
    _fields_ = [("size", uint32), ("dims", int32 * (VISML_MAX_RANK - 1)), ("name", c_char_p)]


class visml_zero_padding2d_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("padding", int32 * 4), ("name", c_char_p)]


class visml_zero_padding1d_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("padding", int32 * 2), ("name", c_char_p)]


class visml_cropping2d_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("cropping", int32 * 4), ("name", c_char_p)]


class visml_cropping1d_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("cropping", int32 * 2), ("name", c_char_p)]


class visml_up_sampling2d_opts(Structure):
    _fields_ = [("size", uint32), ("sizes", int32 * 2), ("interpolation", int32), ("name", c_char_p)]


class visml_repeat_vector_opts(Structure):
    _fields_ = [("size", uint32), ("n", int32), ("name", c_char_p)]


class visml_gaussian_noise_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("stddev", double), ("seed", uint64), ("name", c_char_p)]


class visml_embedding_opts(Structure):
    _fields_ = [("size", uint32), ("input_dim", int32), ("output_dim", int32), ("embeddings_initializer", int32), ("name", c_char_p),
                ("mask_zero", int32), ("reserved", int32)]


class visml_prelu_opts(Structure):
    _fields_ = [("size", uint32), ("alpha_initializer", int32), ("shared_axes", int32 * (VISML_MAX_RANK - 1)), ("reserved", int32),
                ("name", c_char_p)]


class visml_lstm_opts(Structure):
    _fields_ = [("size", uint32), ("units", int32), ("activation", int32), ("recurrent_activation", int32), ("no_bias", int32),
                ("no_unit_forget_bias", int32), ("return_sequences", int32), ("go_backwards", int32), ("kernel_initializer", int32),
                ("recurrent_initializer", int32), ("bias_initializer", int32), ("return_state", int32), ("dropout", double),
                ("recurrent_dropout", double), ("name", c_char_p), ("stateful", int32), ("reserved", int32)]


class visml_gru_opts(Structure):
    _fields_ = [("size", uint32), ("units", int32), ("activation", int32), ("recurrent_activation", int32), ("no_bias", int32),
                ("no_reset_after", int32), ("return_sequences", int32), ("go_backwards", int32), ("kernel_initializer", int32),
                ("recurrent_initializer", int32), ("bias_initializer", int32), ("return_state", int32), ("dropout", double),
                ("recurrent_dropout", double), ("name", c_char_p), ("stateful", int32), ("reserved", int32)]


class visml_simple_rnn_opts(Structure):
    _fields_ = [("size", uint32), ("units", int32), ("activation", int32), ("no_bias", int32), ("return_sequences", int32),
                ("go_backwards", int32), ("kernel_initializer", int32), ("recurrent_initializer", int32), ("bias_initializer", int32),
                ("return_state", int32), ("dropout", double), ("recurrent_dropout", double), ("name", c_char_p), ("stateful", int32),
                ("reserved", int32)]


class visml_bidirectional_opts(Structure):
    _fields_ = [("size", uint32), ("merge_mode", int32), ("name", c_char_p)]


class visml_masking_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("mask_value", double), ("name", c_char_p)]


class visml_sliding_window_opts(Structure):
    _fields_ = [("size", uint32), ("window", int32 * 2), ("strides", int32 * 2), ("reserved", int32), ("name", c_char_p)]


class visml_crossentropy_opts(Structure):
    _fields_ = [("size", uint32), ("from_logits", int32), ("label_smoothing", double)]


class visml_focal_opts(Structure):
    _fields_ = [("size", uint32), ("from_logits", int32), ("apply_class_balancing", int32), ("reserved", int32),
                ("alpha", double), ("gamma", double), ("label_smoothing", double)]


class visml_loss_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32)]


class visml_huber_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("delta", double)]


class visml_decay_opts(Structure):
    _fields_ = [("size", uint32), ("staircase", int32), ("initial_learning_rate", double), ("decay_steps", int64),
                ("decay_rate", double)]


class visml_piecewise_constant_decay_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("boundaries", int64 * VISML_MAX_BOUNDARIES),
                ("values", double * (VISML_MAX_BOUNDARIES + 1))]


class visml_polynomial_decay_opts(Structure):
    _fields_ = [("size", uint32), ("cycle", int32), ("initial_learning_rate", double), ("decay_steps", int64),
                ("end_learning_rate", double), ("power", double)]


class visml_cosine_decay_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("initial_learning_rate", double), ("decay_steps", int64),
                ("alpha", double), ("warmup_target", double), ("warmup_steps", int64)]


class visml_cosine_decay_restarts_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("initial_learning_rate", double),
                ("first_decay_steps", int64), ("t_mul", double), ("m_mul", double), ("alpha", double)]


class visml_warmup_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("initial_learning_rate", double),
                ("target_learning_rate", double), ("warmup_steps", int64), ("then", P(visml_schedule))]


class visml_one_cycle_opts(Structure):
    _fields_ = [("size", uint32), ("three_phase", int32), ("anneal_strategy", int32), ("reserved", int32),
                ("max_learning_rate", double), ("total_steps", int64), ("pct_start", double), ("div_factor", double),
                ("final_div_factor", double)]


class visml_optimizer_opts(Structure):
    _fields_ = [("size", uint32), ("use_ema", int32), ("weight_decay", double), ("clipnorm", double),
                ("clipvalue", double), ("global_clipnorm", double), ("ema_momentum", double),
                ("ema_overwrite_frequency", int64), ("gradient_accumulation_steps", int64),
                ("exclude_from_weight_decay", c_char_p), ("schedule", P(visml_schedule))]


class visml_sgd_opts(Structure):
    _fields_ = [("size", uint32), ("nesterov", int32), ("learning_rate", double), ("momentum", double),
                ("common", P(visml_optimizer_opts))]


class visml_adam_opts(Structure):
    _fields_ = [("size", uint32), ("amsgrad", int32), ("learning_rate", double), ("beta_1", double),
                ("beta_2", double), ("epsilon", double), ("common", P(visml_optimizer_opts))]


class visml_moments_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("learning_rate", double), ("beta_1", double),
                ("beta_2", double), ("epsilon", double), ("common", P(visml_optimizer_opts))]


class visml_rmsprop_opts(Structure):
    _fields_ = [("size", uint32), ("centered", int32), ("learning_rate", double), ("rho", double),
                ("momentum", double), ("epsilon", double), ("common", P(visml_optimizer_opts))]


class visml_adagrad_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("learning_rate", double),
                ("initial_accumulator_value", double), ("epsilon", double), ("common", P(visml_optimizer_opts))]


class visml_adadelta_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("learning_rate", double), ("rho", double),
                ("epsilon", double), ("common", P(visml_optimizer_opts))]


class visml_lion_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("learning_rate", double), ("beta_1", double),
                ("beta_2", double), ("common", P(visml_optimizer_opts))]


class visml_source_opts(Structure):
    _fields_ = [("size", uint32), ("on_invalid", int32), ("height", int32), ("width", int32), ("color", int32),
                ("fit", int32), ("filter", int32), ("follow_links", int32)]


class visml_random_flip_opts(Structure):
    _fields_ = [("size", uint32), ("mode", int32)]


class visml_random_rotation_opts(Structure):
    _fields_ = [("size", uint32), ("fill_mode", int32), ("factor", double * 2), ("fill_value", double), ("interpolation", int32),
                ("reserved", int32)]


class visml_random_zoom_opts(Structure):
    _fields_ = [("size", uint32), ("fill_mode", int32), ("height_factor", double * 2), ("width_factor", double * 2),
                ("fill_value", double), ("interpolation", int32), ("reserved", int32)]


class visml_random_translation_opts(Structure):
    _fields_ = [("size", uint32), ("fill_mode", int32), ("height_factor", double * 2), ("width_factor", double * 2),
                ("fill_value", double), ("interpolation", int32), ("reserved", int32)]


class visml_random_shear_opts(Structure):
    _fields_ = [("size", uint32), ("fill_mode", int32), ("x_factor", double * 2), ("y_factor", double * 2),
                ("fill_value", double), ("interpolation", int32), ("reserved", int32)]


class visml_random_crop_opts(Structure):
    _fields_ = [("size", uint32), ("height", int32), ("width", int32), ("reserved", int32)]


class visml_random_brightness_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_contrast_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_hue_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_saturation_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_grayscale_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double)]


class visml_random_erasing_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("scale", double * 2), ("fill_value", double),
                ("value_range", double * 2)]


class visml_random_gaussian_blur_opts(Structure):
    _fields_ = [("size", uint32), ("kernel_size", int32 * 2), ("reserved", int32), ("factor", double * 2), ("sigma", double * 2),
                ("value_range", double * 2)]


class visml_random_color_degeneration_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_sharpness_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_random_posterization_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2), ("value_range", double * 2)]


class visml_solarization_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("addition_factor", double * 2), ("threshold_factor", double * 2),
                ("value_range", double * 2)]


class visml_auto_contrast_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("value_range", double * 2)]


class visml_equalization_opts(Structure):
    _fields_ = [("size", uint32), ("bins", int32), ("value_range", double * 2)]


class visml_rand_augment_opts(Structure):
    _fields_ = [("size", uint32), ("num_ops", int32), ("factor", double * 2), ("value_range", double * 2), ("fill_mode", int32),
                ("interpolation", int32)]


class visml_mix_up_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("alpha", double)]


class visml_cut_mix_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("factor", double * 2)]


class visml_split_opts(Structure):
    _fields_ = [("size", uint32), ("mode", int32), ("ratio", double * 3), ("seed", uint64), ("group", c_char_p)]


class visml_loader_opts(Structure):
    _fields_ = [("size", uint32), ("batch_size", int32), ("shuffle", int32), ("drop_remainder", int32),
                ("workers", int32), ("prefetch", int32), ("epochs", int64), ("seed", uint64), ("start_epoch", int64),
                ("start_batch", int64)]


class visml_session_opts(Structure):
    _fields_ = [("size", uint32), ("max_batch", int32), ("quantization", P(visml_quantization)),
                ("output", c_char_p), ("input", P(visml_shape))]


class visml_progress(Structure):
    _fields_ = [("size", uint32), ("epochs", int32), ("epoch", int32), ("validating", int32), ("step", int64),
                ("steps", int64), ("loss", double), ("accuracy", double), ("val_loss", double),
                ("val_accuracy", double), ("seconds", double), ("images_per_second", double), ("learning_rate", double),
                ("dropped", int64)]


class visml_grid_opts(Structure):
    _fields_ = [("size", uint32), ("rows", int32), ("columns", int32), ("reserved", int32)]


class visml_pyramid_opts(Structure):
    _fields_ = [("size", uint32), ("levels", int32)]


class visml_window_opts(Structure):
    _fields_ = [("size", uint32), ("height", int32), ("width", int32), ("stride", int32 * 2), ("padding", int32 * 2),
                ("reserved", int32), ("padding_value", double), ("scales", double * 16)]


class visml_box(Structure):
    _fields_ = [("top", int32), ("left", int32), ("height", int32), ("width", int32)]


class visml_histogram_opts(Structure):
    _fields_ = [("size", uint32), ("space", int32), ("norm", int32), ("bins", int32 * 4), ("joint", int32),
                ("cumulative", int32), ("reserved", int32)]


class visml_color_moments_opts(Structure):
    _fields_ = [("size", uint32), ("space", int32), ("skewness", int32), ("reserved", int32)]


class visml_quality_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("dark", double), ("bright", double)]


class visml_dominant_colors_opts(Structure):
    _fields_ = [("size", uint32), ("k", int32), ("max_iterations", int32), ("reserved", int32)]


class visml_color_pca_opts(Structure):
    _fields_ = [("size", uint32), ("components", int32)]


class visml_color_projection_opts(Structure):
    _fields_ = [("size", uint32), ("components", int32)]


class visml_hog_opts(Structure):
    _fields_ = [("size", uint32), ("variant", int32), ("orientations", int32), ("pixels_per_cell", int32 * 2),
                ("cells_per_block", int32 * 2), ("block_norm", int32), ("transform_sqrt", int32)]


class visml_edge_orientations_opts(Structure):
    _fields_ = [("size", uint32), ("bins", int32), ("unsigned_angle", int32), ("weighted", int32),
                ("threshold", double)]


class visml_hu_moments_opts(Structure):
    _fields_ = [("size", uint32), ("log_scale", int32)]


class visml_zernike_opts(Structure):
    _fields_ = [("size", uint32), ("degree", int32)]


class visml_radial_profile_opts(Structure):
    _fields_ = [("size", uint32), ("rings", int32), ("sectors", int32), ("log_polar", int32)]


class visml_lbp_opts(Structure):
    _fields_ = [("size", uint32), ("method", int32), ("radius", double * 8), ("points", int32 * 8)]


class visml_glcm_opts(Structure):
    _fields_ = [("size", uint32), ("levels", int32), ("distances", int32 * 8), ("angles", int32),
                ("symmetric", int32), ("average", int32), ("reserved", int32)]


class visml_gabor_opts(Structure):
    _fields_ = [("size", uint32), ("orientations", int32), ("frequencies", double * 8), ("bandwidth", double),
                ("n_stds", double)]


class visml_dense_sift_opts(Structure):
    _fields_ = [("size", uint32), ("bin_size", int32), ("step", int32 * 2), ("flat_window", int32), ("reserved", int32),
                ("window_size", double)]


class visml_daisy_opts(Structure):
    _fields_ = [("size", uint32), ("step", int32), ("radius", int32), ("rings", int32), ("histograms", int32),
                ("orientations", int32), ("normalization", int32)]


class visml_distance_transform_opts(Structure):
    _fields_ = [("size", uint32), ("map", int32), ("bins", int32), ("reserved", int32), ("threshold", double)]


class visml_bag_of_words_opts(Structure):
    _fields_ = [("size", uint32), ("clusters", int32), ("max_iterations", int32), ("norm", int32)]


class visml_vlad_opts(Structure):
    _fields_ = [("size", uint32), ("clusters", int32), ("max_iterations", int32), ("no_power", int32),
                ("intra", int32), ("no_l2", int32)]


class visml_fisher_opts(Structure):
    _fields_ = [("size", uint32), ("components", int32), ("max_iterations", int32), ("no_power", int32),
                ("no_l2", int32), ("reserved", int32)]


class visml_standardization_opts(Structure):
    _fields_ = [("size", uint32), ("no_mean", int32), ("no_deviation", int32), ("reserved", int32)]


class visml_normalization_opts(Structure):
    _fields_ = [("size", uint32), ("norm", int32), ("exponent", double)]


class visml_variance_selection_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("threshold", double)]


class visml_pca_opts(Structure):
    _fields_ = [("size", uint32), ("components", int32), ("variance", double), ("whiten", int32), ("solver", int32),
                ("oversamples", int32), ("power_iterations", int32)]


class visml_mutual_information_selection_opts(Structure):
    _fields_ = [("size", uint32), ("components", int32), ("bins", int32), ("reserved", int32)]


class visml_kernel_map_opts(Structure):
    _fields_ = [("size", uint32), ("kernel", int32), ("order", int32), ("reserved", int32), ("period", double)]


class visml_features_opts(Structure):
    _fields_ = [("size", uint32), ("height", int32), ("width", int32), ("color", int32), ("fit", int32),
                ("filter", int32), ("equalize", int32), ("reserved", int32)]


class visml_feature_progress(Structure):
    _fields_ = [("size", uint32), ("pass", int32), ("passes", int32), ("reserved", int32), ("done", int64),
                ("total", int64)]


visml_feature_progress_fn = CFUNCTYPE(int32, c_void_p, P(visml_feature_progress))


class visml_feature_run_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("seed", uint64), ("sample", int64), ("memory", uint64),
                ("progress", visml_feature_progress_fn), ("user", c_void_p)]


class visml_index_opts(Structure):
    _fields_ = [("size", uint32), ("metric", int32)]


class visml_plot_chart_opts(Structure):
    _fields_ = [("size", uint32), ("width", int32), ("height", int32), ("bins", int32), ("title", c_char_p), ("x_label", c_char_p),
                ("y_label", c_char_p)]


class visml_plot_extractor_opts(Structure):
    _fields_ = [("size", uint32), ("scale", int32), ("title", c_char_p)]


class visml_plot_sheet_opts(Structure):
    _fields_ = [("size", uint32), ("side", int32), ("columns", int32), ("clusters", int32), ("seed", uint64), ("title", c_char_p)]


class visml_callback(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("user", c_void_p),
                ("epoch_begin", CFUNCTYPE(int32, c_void_p, P(visml_model), P(visml_progress))),
                ("batch_end", CFUNCTYPE(int32, c_void_p, P(visml_model), P(visml_progress))),
                ("epoch_end", CFUNCTYPE(int32, c_void_p, P(visml_model), P(visml_progress)))]


class visml_early_stopping_opts(Structure):
    _fields_ = [("size", uint32), ("patience", int32), ("monitor", c_char_p), ("mode", int32),
                ("restore_best_weights", int32), ("min_delta", double), ("baseline", double),
                ("start_from_epoch", int32), ("reserved", int32)]


class visml_model_checkpoint_opts(Structure):
    _fields_ = [("size", uint32), ("keep", int32), ("folder", c_char_p), ("monitor", c_char_p), ("mode", int32),
                ("save_best_only", int32)]


class visml_reduce_lr_on_plateau_opts(Structure):
    _fields_ = [("size", uint32), ("patience", int32), ("monitor", c_char_p), ("mode", int32), ("cooldown", int32),
                ("factor", double), ("min_delta", double), ("min_lr", double)]


class visml_learning_rate_scheduler_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("user", c_void_p),
                ("schedule", CFUNCTYPE(double, c_void_p, int32, double))]


class visml_csv_logger_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("path", c_char_p)]


class visml_json_logger_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("path", c_char_p)]


class visml_tensorboard_opts(Structure):
    _fields_ = [("size", uint32), ("update_freq", int32), ("log_dir", c_char_p)]


class visml_terminate_on_nan_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32)]


class visml_fit_opts(Structure):
    _fields_ = [("size", uint32), ("epochs", int32), ("batch_size", int32), ("no_shuffle", int32), ("workers", int32),
                ("resume", int32), ("checkpoint_steps", int64), ("seed", uint64), ("validation", P(visml_dataset)),
                ("loss", P(visml_loss)), ("optimizer", P(visml_optimizer)), ("class_weight", P(double)),
                ("sample_weight", P(visml_tensor)), ("callbacks", P(visml_callback)), ("callback_count", size_t),
                ("checkpoint_dir", c_char_p), ("monitors", P(P(visml_monitor))), ("monitor_count", size_t)]


class visml_lr_range_opts(Structure):
    _fields_ = [("size", uint32), ("batch_size", int32), ("steps", int32), ("workers", int32), ("start", double),
                ("end", double), ("smoothing", double), ("stop_factor", double), ("seed", uint64),
                ("loss", P(visml_loss)), ("optimizer", P(visml_optimizer)), ("callback", P(visml_callback))]


class visml_train_opts(Structure):
    _fields_ = [("size", uint32), ("batch_size", int32), ("data", P(visml_dataset)), ("max_steps", int64), ("epochs", int32),
                ("no_shuffle", int32), ("loss", P(visml_loss)), ("optimizer", P(visml_optimizer)), ("class_weight", P(double)),
                ("sample_weight", P(visml_tensor)), ("monitors", P(P(visml_monitor))), ("monitor_count", size_t),
                ("callbacks", P(visml_callback)), ("callback_count", size_t)]


class visml_exporter_opts(Structure):
    _fields_ = [("size", uint32), ("kind", int32), ("name", c_char_p), ("monitor", c_char_p), ("mode", int32), ("keep", int32)]


class visml_eval_opts(Structure):
    _fields_ = [("size", uint32), ("every_epochs", int32), ("data", P(visml_dataset)), ("steps", int64), ("every_steps", int64),
                ("every_seconds", double), ("exporters", P(visml_exporter_opts)), ("exporter_count", size_t), ("monitor", c_char_p),
                ("mode", int32), ("reserved", int32)]


class visml_run_opts(Structure):
    _fields_ = [("size", uint32), ("keep_checkpoints", int32), ("model_dir", c_char_p), ("checkpoint_steps", int64),
                ("checkpoint_seconds", double), ("seed", uint64), ("workers", int32), ("reserved", int32)]


class visml_quantize_opts(Structure):
    _fields_ = [("size", uint32), ("batch_size", int32), ("workers", int32), ("reserved", int32), ("samples", int64),
                ("percentile", double), ("callback", P(visml_callback))]


class visml_evaluate_opts(Structure):
    _fields_ = [("size", uint32), ("batch_size", int32), ("workers", int32), ("reserved", int32),
                ("loss", P(visml_loss)), ("callback", P(visml_callback)), ("quantization", P(visml_quantization))]


class visml_classifier_progress(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("done", int64), ("total", int64), ("loss", double), ("validation", double)]


visml_classifier_progress_fn = CFUNCTYPE(int32, c_void_p, P(visml_classifier_progress))


class visml_classifier_fit_opts(Structure):
    _fields_ = [("size", uint32), ("warm_start", int32), ("weights", P(visml_tensor)), ("class_weights", P(visml_tensor)),
                ("classes", P(visml_tensor)), ("validation_x", P(visml_tensor)), ("validation_y", P(visml_tensor)),
                ("class_weighting", int32), ("reserved", int32), ("seed", uint64), ("progress", visml_classifier_progress_fn),
                ("user", c_void_p)]


class visml_row_source(Structure):
    _fields_ = [("size", uint32), ("reserved", int32),
                ("next", CFUNCTYPE(int32, c_void_p, P(P(visml_tensor)), P(P(visml_tensor)), P(P(visml_tensor)))), ("user", c_void_p)]


class visml_pipeline_network_opts(Structure):
    _fields_ = [("size", uint32), ("pooling", int32), ("layer", c_char_p)]


class visml_pipeline_progress(Structure):
    _fields_ = [("size", uint32), ("stage", int32), ("done", int64), ("total", int64), ("loss", double), ("validation", double)]


visml_pipeline_progress_fn = CFUNCTYPE(int32, c_void_p, P(visml_pipeline_progress))


class visml_pipeline_fit_opts(Structure):
    _fields_ = [("size", uint32), ("class_weighting", int32), ("seed", uint64), ("sample", int64), ("memory", uint64),
                ("validation", P(visml_dataset)), ("progress", visml_pipeline_progress_fn), ("user", c_void_p)]


class visml_pipeline_run_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32), ("memory", uint64), ("progress", visml_pipeline_progress_fn), ("user", c_void_p)]


class visml_detect_opts(Structure):
    _fields_ = [("size", uint32), ("height", int32), ("width", int32), ("stride", int32), ("scale", double), ("scales", int32),
                ("most", int32), ("threshold", double), ("overlap", double), ("background", c_char_p),
                ("progress", visml_pipeline_progress_fn), ("user", c_void_p)]


# ---- options of classifiers: linear ----


class visml_logistic_regression_opts(Structure):
    _fields_ = [("size", uint32), ("penalty", int32), ("C", double), ("l1_ratio", double), ("tol", double),
                ("max_iter", int32), ("no_intercept", int32)]


class visml_linear_svm_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("loss", int32), ("max_iter", int32), ("C", double), ("tol", double),
                ("epsilon", double), ("intercept_scaling", double), ("no_intercept", int32), ("solver", int32)]


class visml_ridge_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("no_intercept", int32), ("reserved", int32), ("alpha", double)]


class visml_linear_sgd_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("loss", int32), ("penalty", int32), ("schedule", int32),
                ("max_iter", int32), ("n_iter_no_change", int32), ("no_intercept", int32), ("no_shuffle", int32),
                ("average", int32), ("alpha", double), ("l1_ratio", double), ("epsilon", double), ("eta0", double),
                ("power_t", double), ("tol", double)]


class visml_perceptron_opts(Structure):
    _fields_ = [("size", uint32), ("penalty", int32), ("max_iter", int32), ("n_iter_no_change", int32),
                ("no_intercept", int32), ("no_shuffle", int32), ("average", int32), ("reserved", int32),
                ("alpha", double), ("l1_ratio", double), ("eta0", double), ("tol", double)]


class visml_passive_aggressive_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("variant", int32), ("max_iter", int32), ("n_iter_no_change", int32),
                ("no_intercept", int32), ("no_shuffle", int32), ("average", int32), ("C", double), ("epsilon", double),
                ("tol", double)]


# ---- options of classifiers: support vector machines with kernels ----


class visml_svm_opts(Structure):
    _fields_ = [("size", uint32), ("kernel", int32), ("degree", int32), ("gamma_rule", int32), ("gamma", double), ("coef0", double),
                ("tol", double), ("cache_size", double), ("max_iter", int32), ("no_shrinking", int32), ("C", double), ("nu", double),
                ("probability", int32), ("decision_function_shape", int32)]


class visml_svr_opts(Structure):
    _fields_ = [("size", uint32), ("kernel", int32), ("degree", int32), ("gamma_rule", int32), ("gamma", double), ("coef0", double),
                ("tol", double), ("cache_size", double), ("max_iter", int32), ("no_shrinking", int32), ("C", double), ("nu", double),
                ("epsilon", double)]


class visml_one_class_svm_opts(Structure):
    _fields_ = [("size", uint32), ("kernel", int32), ("degree", int32), ("gamma_rule", int32), ("gamma", double), ("coef0", double),
                ("tol", double), ("cache_size", double), ("max_iter", int32), ("no_shrinking", int32), ("nu", double)]


# ---- options of classifiers: trees, forests, boosting ----


class visml_decision_tree_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("criterion", int32), ("max_depth", int32), ("min_samples_split", int32),
                ("min_samples_leaf", int32), ("max_features", int32), ("max_leaf_nodes", int32), ("min_impurity_decrease", double)]


class visml_forest_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("criterion", int32), ("trees", int32), ("max_depth", int32),
                ("min_samples_split", int32), ("min_samples_leaf", int32), ("max_features", int32), ("max_leaf_nodes", int32),
                ("sampling", int32), ("out_of_bag", int32), ("reserved", int32), ("min_impurity_decrease", double)]


class visml_adaboost_opts(Structure):
    _fields_ = [("size", uint32), ("trees", int32), ("max_depth", int32), ("criterion", int32), ("algorithm", int32), ("reserved", int32),
                ("learning_rate", double)]


class visml_gradient_boosting_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("rounds", int32), ("max_depth", int32), ("max_leaves", int32), ("grow_policy", int32),
                ("max_bin", int32), ("early_stopping_rounds", int32), ("booster", int32), ("sample_type", int32), ("normalize_type", int32),
                ("one_drop", int32), ("learning_rate", double), ("lambda", double), ("alpha", double), ("gamma", double),
                ("min_child_weight", double), ("max_delta_step", double), ("subsample", double), ("colsample_bytree", double),
                ("colsample_bylevel", double), ("colsample_bynode", double), ("base_score", double), ("rate_drop", double),
                ("skip_drop", double), ("monotone_constraints", int32 * VISML_MONOTONE_COLUMNS)]


# ---- options of classifiers: neighbours, naive Bayes, clusters ----


class visml_gaussian_naive_bayes_opts(Structure):
    _fields_ = [("size", uint32), ("equal_priors", int32), ("variance_smoothing", double)]


class visml_k_neighbors_opts(Structure):
    _fields_ = [("size", uint32), ("task", int32), ("n_neighbors", int32), ("weights", int32), ("metric", int32), ("reserved", int32)]


class visml_k_means_opts(Structure):
    _fields_ = [("size", uint32), ("n_clusters", int32), ("n_init", int32), ("init", int32), ("max_iter", int32), ("reserved", int32),
                ("tol", double)]


class visml_gaussian_mixture_opts(Structure):
    _fields_ = [("size", uint32), ("n_components", int32), ("covariance_type", int32), ("max_iter", int32), ("tol", double),
                ("reg_covar", double)]


# ---- options of classifiers: what works by others ----


class visml_one_vs_rest_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32)]


class visml_one_vs_one_opts(Structure):
    _fields_ = [("size", uint32), ("reserved", int32)]


class visml_calibration_opts(Structure):
    _fields_ = [("size", uint32), ("method", int32), ("cv", int32), ("reserved", int32), ("held_out", double)]


class visml_voting_opts(Structure):
    _fields_ = [("size", uint32), ("voting", int32), ("weights", double * VISML_MAX_VOTERS)]


class visml_bagging_opts(Structure):
    _fields_ = [("size", uint32), ("n_estimators", int32), ("max_samples", double), ("max_features", double), ("no_bootstrap", int32),
                ("oob", int32)]


class visml_stacking_opts(Structure):
    _fields_ = [("size", uint32), ("cv", int32), ("passthrough", int32), ("reserved", int32)]


# ---- functions: result, arguments ----

PROTOTYPES = {
    # base.h
    "visml_status_name": (c_char_p, [int32]),
    "visml_version": (uint32, []),
    "visml_version_string": (c_char_p, []),
    # context.h
    "visml_context_new": (P(visml_context), [P(visml_context_opts), P(visml_error)]),
    "visml_context_free": (None, [P(visml_context)]),
    "visml_context_threads": (int32, [P(visml_context)]),
    "visml_context_cpu": (uint32, [P(visml_context)]),
    "visml_context_memory_used": (uint64, [P(visml_context)]),
    "visml_context_memory_peak": (uint64, [P(visml_context)]),
    # tensor.h
    "visml_dtype_bytes": (size_t, [int32]),
    "visml_dtype_name": (c_char_p, [int32]),
    "visml_tensor_new": (P(visml_tensor), [P(visml_context), int32, P(visml_shape), P(visml_error)]),
    "visml_tensor_wrap": (P(visml_tensor), [P(visml_context), int32, P(visml_shape), P(int64), c_void_p,
                                            visml_release_fn, c_void_p, P(visml_error)]),
    "visml_tensor_retain": (P(visml_tensor), [P(visml_tensor)]),
    "visml_tensor_release": (None, [P(visml_tensor)]),
    "visml_tensor_dtype": (int32, [P(visml_tensor)]),
    "visml_tensor_shape": (P(visml_shape), [P(visml_tensor)]),
    "visml_tensor_strides": (P(int64), [P(visml_tensor)]),
    "visml_tensor_data": (c_void_p, [P(visml_tensor)]),
    "visml_tensor_count": (int64, [P(visml_tensor)]),
    "visml_tensor_is_contiguous": (int32, [P(visml_tensor)]),
    "visml_tensor_slice": (P(visml_tensor), [P(visml_tensor), int64, int64, P(visml_error)]),
    "visml_tensor_reshape": (P(visml_tensor), [P(visml_tensor), P(visml_shape), P(visml_error)]),
    "visml_tensor_convert": (P(visml_tensor), [P(visml_tensor), int32, P(visml_error)]),
    "visml_tensor_to_dlpack": (c_void_p, [P(visml_tensor), P(visml_error)]),
    "visml_tensor_from_dlpack": (P(visml_tensor), [P(visml_context), c_void_p, P(visml_error)]),
    # image.h
    "visml_image_format_of": (int32, [c_void_p, size_t]),
    "visml_image_probe": (int32, [P(visml_context), c_void_p, size_t, P(visml_image_info), P(visml_error)]),
    "visml_image_decode": (P(visml_tensor), [P(visml_context), c_void_p, size_t, P(visml_decode_opts), P(visml_error)]),
    "visml_image_read": (P(visml_tensor), [P(visml_context), c_char_p, P(visml_decode_opts), P(visml_error)]),
    "visml_image_write_png": (int32, [P(visml_tensor), c_char_p, P(visml_error)]),
    "visml_image_encode_png": (P(visml_tensor), [P(visml_tensor), P(visml_error)]),
    "visml_image_resize": (P(visml_tensor), [P(visml_tensor), int64, int64, int32, P(visml_error)]),
    "visml_image_fit": (P(visml_tensor), [P(visml_tensor), int64, int64, int32, int32, P(visml_error)]),
    "visml_image_crop": (P(visml_tensor), [P(visml_tensor), int64, int64, int64, int64, P(visml_error)]),
    "visml_image_pad": (P(visml_tensor), [P(visml_tensor), int64, int64, int64, int64, double, P(visml_error)]),
    "visml_image_convert": (P(visml_tensor), [P(visml_tensor), int32, P(visml_error)]),
    "visml_image_equalize": (P(visml_tensor), [P(visml_tensor), P(visml_error)]),
    # nn.h
    "visml_layer_free": (None, [P(visml_layer)]),
    "visml_layer_with": (P(visml_layer), [P(visml_layer), P(visml_layer_opts), P(visml_error)]),
    "visml_conv2d": (P(visml_layer), [P(visml_context), P(visml_conv2d_opts), P(visml_error)]),
    "visml_maxpool2d": (P(visml_layer), [P(visml_context), P(visml_pool2d_opts), P(visml_error)]),
    "visml_avgpool2d": (P(visml_layer), [P(visml_context), P(visml_pool2d_opts), P(visml_error)]),
    "visml_global_avgpool2d": (P(visml_layer), [P(visml_context), P(visml_global_pool2d_opts), P(visml_error)]),
    "visml_batchnorm": (P(visml_layer), [P(visml_context), P(visml_batchnorm_opts), P(visml_error)]),
    "visml_dropout": (P(visml_layer), [P(visml_context), P(visml_dropout_opts), P(visml_error)]),
    "visml_flatten": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_dense": (P(visml_layer), [P(visml_context), P(visml_dense_opts), P(visml_error)]),
    "visml_activation": (P(visml_layer), [P(visml_context), P(visml_activation_opts), P(visml_error)]),
    "visml_reshape": (P(visml_layer), [P(visml_context), P(visml_reshape_opts), P(visml_error)]),
    "visml_rescaling": (P(visml_layer), [P(visml_context), P(visml_rescaling_opts), P(visml_error)]),
    "visml_add": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_concatenate": (P(visml_layer), [P(visml_context), P(visml_concatenate_opts), P(visml_error)]),
    "visml_subtract": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_multiply": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_average": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_maximum": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_minimum": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_permute": (P(visml_layer), [P(visml_context), P(visml_permute_opts), P(visml_error)]),
    "visml_zero_padding2d": (P(visml_layer), [P(visml_context), P(visml_zero_padding2d_opts), P(visml_error)]),
    "visml_zero_padding1d": (P(visml_layer), [P(visml_context), P(visml_zero_padding1d_opts), P(visml_error)]),
    "visml_cropping2d": (P(visml_layer), [P(visml_context), P(visml_cropping2d_opts), P(visml_error)]),
    "visml_cropping1d": (P(visml_layer), [P(visml_context), P(visml_cropping1d_opts), P(visml_error)]),
    "visml_up_sampling2d": (P(visml_layer), [P(visml_context), P(visml_up_sampling2d_opts), P(visml_error)]),
    "visml_repeat_vector": (P(visml_layer), [P(visml_context), P(visml_repeat_vector_opts), P(visml_error)]),
    "visml_spatial_dropout2d": (P(visml_layer), [P(visml_context), P(visml_dropout_opts), P(visml_error)]),
    "visml_spatial_dropout1d": (P(visml_layer), [P(visml_context), P(visml_dropout_opts), P(visml_error)]),
    "visml_gaussian_dropout": (P(visml_layer), [P(visml_context), P(visml_dropout_opts), P(visml_error)]),
    "visml_gaussian_noise": (P(visml_layer), [P(visml_context), P(visml_gaussian_noise_opts), P(visml_error)]),
    "visml_embedding": (P(visml_layer), [P(visml_context), P(visml_embedding_opts), P(visml_error)]),
    "visml_prelu": (P(visml_layer), [P(visml_context), P(visml_prelu_opts), P(visml_error)]),
    "visml_lstm": (P(visml_layer), [P(visml_context), P(visml_lstm_opts), P(visml_error)]),
    "visml_conv1d": (P(visml_layer), [P(visml_context), P(visml_conv1d_opts), P(visml_error)]),
    "visml_conv2d_transpose": (P(visml_layer), [P(visml_context), P(visml_conv2d_transpose_opts), P(visml_error)]),
    "visml_depthwise_conv2d": (P(visml_layer), [P(visml_context), P(visml_depthwise_conv2d_opts), P(visml_error)]),
    "visml_separable_conv2d": (P(visml_layer), [P(visml_context), P(visml_separable_conv2d_opts), P(visml_error)]),
    "visml_maxpool1d": (P(visml_layer), [P(visml_context), P(visml_pool1d_opts), P(visml_error)]),
    "visml_avgpool1d": (P(visml_layer), [P(visml_context), P(visml_pool1d_opts), P(visml_error)]),
    "visml_global_maxpool1d": (P(visml_layer), [P(visml_context), P(visml_global_pool1d_opts), P(visml_error)]),
    "visml_global_avgpool1d": (P(visml_layer), [P(visml_context), P(visml_global_pool1d_opts), P(visml_error)]),
    "visml_global_maxpool2d": (P(visml_layer), [P(visml_context), P(visml_global_pool2d_opts), P(visml_error)]),
    "visml_layernorm": (P(visml_layer), [P(visml_context), P(visml_layernorm_opts), P(visml_error)]),
    "visml_groupnorm": (P(visml_layer), [P(visml_context), P(visml_groupnorm_opts), P(visml_error)]),
    "visml_gru": (P(visml_layer), [P(visml_context), P(visml_gru_opts), P(visml_error)]),
    "visml_simple_rnn": (P(visml_layer), [P(visml_context), P(visml_simple_rnn_opts), P(visml_error)]),
    "visml_bidirectional": (P(visml_layer), [P(visml_context), P(visml_layer), P(visml_bidirectional_opts), P(visml_error)]),
    "visml_time_distributed": (P(visml_layer), [P(visml_context), P(visml_layer), P(visml_plain_opts), P(visml_error)]),
    "visml_masking": (P(visml_layer), [P(visml_context), P(visml_masking_opts), P(visml_error)]),
    "visml_rows": (P(visml_layer), [P(visml_context), P(visml_plain_opts), P(visml_error)]),
    "visml_sliding_window": (P(visml_layer), [P(visml_context), P(visml_sliding_window_opts), P(visml_error)]),
    "visml_loss_free": (None, [P(visml_loss)]),
    "visml_categorical_crossentropy": (P(visml_loss), [P(visml_context), P(visml_crossentropy_opts), P(visml_error)]),
    "visml_sparse_categorical_crossentropy": (P(visml_loss), [P(visml_context), P(visml_crossentropy_opts),
                                                              P(visml_error)]),
    "visml_mean_squared_error": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_optimizer_free": (None, [P(visml_optimizer)]),
    "visml_sgd": (P(visml_optimizer), [P(visml_context), P(visml_sgd_opts), P(visml_error)]),
    "visml_adam": (P(visml_optimizer), [P(visml_context), P(visml_adam_opts), P(visml_error)]),
    "visml_loss_from_json": (P(visml_loss), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_loss_to_json": (size_t, [P(visml_loss), P(c_char), size_t]),
    "visml_binary_crossentropy": (P(visml_loss), [P(visml_context), P(visml_crossentropy_opts), P(visml_error)]),
    "visml_categorical_focal_crossentropy": (P(visml_loss), [P(visml_context), P(visml_focal_opts),
                                                             P(visml_error)]),
    "visml_binary_focal_crossentropy": (P(visml_loss), [P(visml_context), P(visml_focal_opts), P(visml_error)]),
    "visml_mean_absolute_error": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_hinge": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_squared_hinge": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_categorical_hinge": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_kl_divergence": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_poisson": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_cosine_similarity": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_log_cosh": (P(visml_loss), [P(visml_context), P(visml_loss_opts), P(visml_error)]),
    "visml_huber": (P(visml_loss), [P(visml_context), P(visml_huber_opts), P(visml_error)]),
    "visml_schedule_free": (None, [P(visml_schedule)]),
    "visml_schedule_from_json": (P(visml_schedule), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_schedule_to_json": (size_t, [P(visml_schedule), P(c_char), size_t]),
    "visml_schedule_learning_rate": (double, [P(visml_schedule), int64]),
    "visml_exponential_decay": (P(visml_schedule), [P(visml_context), P(visml_decay_opts), P(visml_error)]),
    "visml_inverse_time_decay": (P(visml_schedule), [P(visml_context), P(visml_decay_opts), P(visml_error)]),
    "visml_piecewise_constant_decay": (P(visml_schedule), [P(visml_context),
                                                           P(visml_piecewise_constant_decay_opts),
                                                           P(visml_error)]),
    "visml_polynomial_decay": (P(visml_schedule), [P(visml_context), P(visml_polynomial_decay_opts),
                                                   P(visml_error)]),
    "visml_cosine_decay": (P(visml_schedule), [P(visml_context), P(visml_cosine_decay_opts), P(visml_error)]),
    "visml_cosine_decay_restarts": (P(visml_schedule), [P(visml_context), P(visml_cosine_decay_restarts_opts),
                                                        P(visml_error)]),
    "visml_warmup": (P(visml_schedule), [P(visml_context), P(visml_warmup_opts), P(visml_error)]),
    "visml_one_cycle": (P(visml_schedule), [P(visml_context), P(visml_one_cycle_opts), P(visml_error)]),
    "visml_optimizer_from_json": (P(visml_optimizer), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_optimizer_to_json": (size_t, [P(visml_optimizer), P(c_char), size_t]),
    "visml_adamw": (P(visml_optimizer), [P(visml_context), P(visml_adam_opts), P(visml_error)]),
    "visml_nadam": (P(visml_optimizer), [P(visml_context), P(visml_moments_opts), P(visml_error)]),
    "visml_adamax": (P(visml_optimizer), [P(visml_context), P(visml_moments_opts), P(visml_error)]),
    "visml_rmsprop": (P(visml_optimizer), [P(visml_context), P(visml_rmsprop_opts), P(visml_error)]),
    "visml_adagrad": (P(visml_optimizer), [P(visml_context), P(visml_adagrad_opts), P(visml_error)]),
    "visml_adadelta": (P(visml_optimizer), [P(visml_context), P(visml_adadelta_opts), P(visml_error)]),
    "visml_lion": (P(visml_optimizer), [P(visml_context), P(visml_lion_opts), P(visml_error)]),
    # data.h
    "visml_dataset_from_folder": (P(visml_dataset), [P(visml_context), c_char_p, P(visml_source_opts), P(visml_error)]),
    "visml_dataset_from_idx": (P(visml_dataset), [P(visml_context), c_char_p, c_char_p, P(visml_source_opts),
                                                  P(visml_error)]),
    "visml_dataset_from_csv": (P(visml_dataset), [P(visml_context), c_char_p, P(visml_source_opts), P(visml_error)]),
    "visml_dataset_from_manifest": (P(visml_dataset), [P(visml_context), c_char_p, c_char_p, P(visml_source_opts),
                                                       P(visml_error)]),
    "visml_dataset_from_arrays": (P(visml_dataset), [P(visml_context), P(visml_tensor), P(visml_tensor), P(c_char_p),
                                                     size_t, P(visml_error)]),
    "visml_dataset_from_callback": (P(visml_dataset), [P(visml_context), int64, int32, P(visml_shape), P(c_char_p),
                                                       size_t, visml_sample_fn, c_void_p, P(visml_source_opts),
                                                       P(visml_error)]),
    "visml_dataset_subset": (P(visml_dataset), [P(visml_dataset), P(int64), size_t, P(visml_error)]),
    "visml_dataset_with_classes": (P(visml_dataset), [P(visml_dataset), P(c_char_p), size_t, P(visml_error)]),
    "visml_dataset_free": (None, [P(visml_dataset)]),
    "visml_dataset_count": (int64, [P(visml_dataset)]),
    "visml_dataset_class_count": (size_t, [P(visml_dataset)]),
    "visml_dataset_class_name": (c_char_p, [P(visml_dataset), size_t]),
    "visml_dataset_label": (int32, [P(visml_dataset), int64]),
    "visml_dataset_path": (c_char_p, [P(visml_dataset), int64]),
    "visml_dataset_sample_shape": (int32, [P(visml_dataset), P(visml_shape), P(visml_error)]),
    "visml_dataset_read": (P(visml_tensor), [P(visml_dataset), int64, P(visml_error)]),
    "visml_dataset_dropped_count": (size_t, [P(visml_dataset)]),
    "visml_dataset_dropped": (int32, [P(visml_dataset), size_t, P(c_char), size_t, P(c_char), size_t, P(visml_error)]),
    "visml_dataset_split": (int32, [P(visml_dataset), P(visml_split_opts), P(P(visml_dataset)), P(visml_error)]),
    "visml_split_save": (int32, [P(P(visml_dataset)), c_char_p, P(visml_error)]),
    "visml_augmentation_free": (None, [P(visml_augmentation)]),
    "visml_random_flip": (P(visml_augmentation), [P(visml_context), P(visml_random_flip_opts), P(visml_error)]),
    "visml_random_rotation": (P(visml_augmentation), [P(visml_context), P(visml_random_rotation_opts), P(visml_error)]),
    "visml_random_zoom": (P(visml_augmentation), [P(visml_context), P(visml_random_zoom_opts), P(visml_error)]),
    "visml_random_translation": (P(visml_augmentation), [P(visml_context), P(visml_random_translation_opts), P(visml_error)]),
    "visml_random_shear": (P(visml_augmentation), [P(visml_context), P(visml_random_shear_opts), P(visml_error)]),
    "visml_random_crop": (P(visml_augmentation), [P(visml_context), P(visml_random_crop_opts), P(visml_error)]),
    "visml_random_brightness": (P(visml_augmentation), [P(visml_context), P(visml_random_brightness_opts), P(visml_error)]),
    "visml_random_contrast": (P(visml_augmentation), [P(visml_context), P(visml_random_contrast_opts), P(visml_error)]),
    "visml_random_hue": (P(visml_augmentation), [P(visml_context), P(visml_random_hue_opts), P(visml_error)]),
    "visml_random_saturation": (P(visml_augmentation), [P(visml_context), P(visml_random_saturation_opts), P(visml_error)]),
    "visml_random_grayscale": (P(visml_augmentation), [P(visml_context), P(visml_random_grayscale_opts), P(visml_error)]),
    "visml_random_erasing": (P(visml_augmentation), [P(visml_context), P(visml_random_erasing_opts), P(visml_error)]),
    "visml_random_gaussian_blur": (P(visml_augmentation), [P(visml_context), P(visml_random_gaussian_blur_opts),
                                                           P(visml_error)]),
    "visml_random_color_degeneration": (P(visml_augmentation), [P(visml_context), P(visml_random_color_degeneration_opts),
                                                                P(visml_error)]),
    "visml_random_sharpness": (P(visml_augmentation), [P(visml_context), P(visml_random_sharpness_opts), P(visml_error)]),
    "visml_random_posterization": (P(visml_augmentation), [P(visml_context), P(visml_random_posterization_opts),
                                                           P(visml_error)]),
    "visml_solarization": (P(visml_augmentation), [P(visml_context), P(visml_solarization_opts), P(visml_error)]),
    "visml_auto_contrast": (P(visml_augmentation), [P(visml_context), P(visml_auto_contrast_opts), P(visml_error)]),
    "visml_equalization": (P(visml_augmentation), [P(visml_context), P(visml_equalization_opts), P(visml_error)]),
    "visml_rand_augment": (P(visml_augmentation), [P(visml_context), P(visml_rand_augment_opts), P(visml_error)]),
    "visml_mix_up": (P(visml_augmentation), [P(visml_context), P(visml_mix_up_opts), P(visml_error)]),
    "visml_cut_mix": (P(visml_augmentation), [P(visml_context), P(visml_cut_mix_opts), P(visml_error)]),
    "visml_augmentation_chain": (P(visml_augmentation), [P(visml_context), P(P(visml_augmentation)), size_t, P(visml_error)]),
    "visml_augmentation_from_json": (P(visml_augmentation), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_augmentation_to_json": (size_t, [P(visml_augmentation), P(c_char), size_t]),
    "visml_augment_image": (P(visml_tensor), [P(visml_augmentation), P(visml_tensor), uint64, int64, int64, P(visml_error)]),
    "visml_dataset_augment": (P(visml_dataset), [P(visml_dataset), P(visml_augmentation), P(visml_error)]),
    "visml_loader_new": (P(visml_loader), [P(visml_dataset), P(visml_loader_opts), P(visml_error)]),
    "visml_loader_free": (None, [P(visml_loader)]),
    "visml_loader_steps": (int64, [P(visml_loader)]),
    "visml_loader_next": (int32, [P(visml_loader), P(P(visml_batch)), P(visml_error)]),
    "visml_batch_free": (None, [P(visml_batch)]),
    "visml_batch_count": (int64, [P(visml_batch)]),
    "visml_batch_epoch": (int64, [P(visml_batch)]),
    "visml_batch_step": (int64, [P(visml_batch)]),
    "visml_batch_images": (P(visml_tensor), [P(visml_batch)]),
    "visml_batch_targets": (P(visml_tensor), [P(visml_batch)]),
    "visml_batch_indices": (P(int64), [P(visml_batch)]),
    # model.h
    "visml_model_new": (P(visml_model), [P(visml_context), P(visml_shape), P(visml_error)]),
    "visml_model_free": (None, [P(visml_model)]),
    "visml_model_add": (int32, [P(visml_model), P(visml_layer), P(visml_error)]),
    "visml_model_apply": (int32, [P(visml_model), P(visml_layer), P(int32), size_t, P(visml_error)]),
    "visml_model_build": (int32, [P(visml_model), uint64, P(visml_error)]),
    "visml_model_input_shape": (P(visml_shape), [P(visml_model)]),
    "visml_model_output_shape": (P(visml_shape), [P(visml_model)]),
    "visml_model_layer_count": (size_t, [P(visml_model)]),
    "visml_model_layer_name": (c_char_p, [P(visml_model), size_t]),
    "visml_model_cut": (P(visml_model), [P(visml_model), c_char_p, P(visml_error)]),
    "visml_model_set_trainable": (int32, [P(visml_model), c_char_p, c_char_p, int32, P(visml_error)]),
    "visml_model_summary": (size_t, [P(visml_model), P(c_char), size_t]),
    "visml_model_to_json": (size_t, [P(visml_model), P(c_char), size_t]),
    "visml_model_from_json": (P(visml_model), [P(visml_context), c_char_p, size_t, P(visml_shape), int32,
                                               P(visml_error)]),
    "visml_model_param_count": (size_t, [P(visml_model)]),
    "visml_model_param_name": (c_char_p, [P(visml_model), size_t]),
    "visml_model_param_trainable": (int32, [P(visml_model), size_t]),
    "visml_model_param": (P(visml_tensor), [P(visml_model), size_t, P(visml_error)]),
    "visml_model_set_param": (int32, [P(visml_model), c_char_p, P(visml_tensor), P(visml_error)]),
    "visml_model_set_classes": (int32, [P(visml_model), P(c_char_p), size_t, P(visml_error)]),
    "visml_model_class_count": (size_t, [P(visml_model)]),
    "visml_model_class_name": (c_char_p, [P(visml_model), size_t]),
    "visml_model_set_attribute": (int32, [P(visml_model), c_char_p, c_char_p, P(visml_error)]),
    "visml_model_attribute": (c_char_p, [P(visml_model), c_char_p]),
    "visml_model_save": (int32, [P(visml_model), c_char_p, P(visml_error)]),
    "visml_model_save_memory": (P(visml_tensor), [P(visml_model), P(visml_error)]),
    "visml_model_load": (P(visml_model), [P(visml_context), c_char_p, P(visml_error)]),
    "visml_model_load_memory": (P(visml_model), [P(visml_context), c_void_p, size_t, P(visml_error)]),
    "visml_quantization_free": (None, [P(visml_quantization)]),
    "visml_session_new": (P(visml_session), [P(visml_model), P(visml_session_opts), P(visml_error)]),
    "visml_session_free": (None, [P(visml_session)]),
    "visml_session_output_for": (int32, [P(visml_session), P(visml_shape), P(visml_shape), P(visml_error)]),
    "visml_session_reset": (None, [P(visml_session)]),
    "visml_session_output_shape": (P(visml_shape), [P(visml_session)]),
    "visml_session_run": (int32, [P(visml_session), P(visml_tensor), P(visml_tensor), P(visml_error)]),
    # feature.h
    "visml_regions_free": (None, [P(visml_regions)]),
    "visml_regions_whole": (P(visml_regions), [P(visml_context), P(visml_error)]),
    "visml_regions_grid": (P(visml_regions), [P(visml_context), P(visml_grid_opts), P(visml_error)]),
    "visml_regions_pyramid": (P(visml_regions), [P(visml_context), P(visml_pyramid_opts), P(visml_error)]),
    "visml_regions_window": (P(visml_regions), [P(visml_context), P(visml_window_opts), P(visml_error)]),
    "visml_regions_boxes": (P(visml_regions), [P(visml_context), P(visml_box), size_t, P(visml_error)]),
    "visml_regions_boxes_of": (int32, [P(visml_regions), int64, int64, P(visml_box), size_t, P(size_t),
                                       P(visml_error)]),
    "visml_extractor_free": (None, [P(visml_extractor)]),
    "visml_extractor_run": (P(visml_tensor), [P(visml_extractor), P(visml_tensor), P(visml_error)]),
    "visml_extractor_pixels": (P(visml_extractor), [P(visml_context), P(visml_error)]),
    "visml_extractor_maximum": (P(visml_extractor), [P(visml_context), P(visml_error)]),
    "visml_extractor_average": (P(visml_extractor), [P(visml_context), P(visml_error)]),
    "visml_extractor_histogram": (P(visml_extractor), [P(visml_context), P(visml_histogram_opts), P(visml_error)]),
    "visml_extractor_color_moments": (P(visml_extractor), [P(visml_context), P(visml_color_moments_opts),
                                                           P(visml_error)]),
    "visml_extractor_quality": (P(visml_extractor), [P(visml_context), P(visml_quality_opts), P(visml_error)]),
    "visml_extractor_dominant_colors": (P(visml_extractor), [P(visml_context), P(visml_dominant_colors_opts),
                                                             P(visml_error)]),
    "visml_extractor_color_pca": (P(visml_extractor), [P(visml_context), P(visml_color_pca_opts), P(visml_error)]),
    "visml_extractor_color_projection": (P(visml_extractor), [P(visml_context), P(visml_color_projection_opts),
                                                              P(visml_error)]),
    "visml_extractor_hog": (P(visml_extractor), [P(visml_context), P(visml_hog_opts), P(visml_error)]),
    "visml_extractor_edge_orientations": (P(visml_extractor), [P(visml_context), P(visml_edge_orientations_opts),
                                                               P(visml_error)]),
    "visml_extractor_gradient_stats": (P(visml_extractor), [P(visml_context), P(visml_error)]),
    "visml_extractor_hu_moments": (P(visml_extractor), [P(visml_context), P(visml_hu_moments_opts), P(visml_error)]),
    "visml_extractor_zernike": (P(visml_extractor), [P(visml_context), P(visml_zernike_opts), P(visml_error)]),
    "visml_extractor_radial_profile": (P(visml_extractor), [P(visml_context), P(visml_radial_profile_opts),
                                                            P(visml_error)]),
    "visml_extractor_lbp": (P(visml_extractor), [P(visml_context), P(visml_lbp_opts), P(visml_error)]),
    "visml_extractor_glcm": (P(visml_extractor), [P(visml_context), P(visml_glcm_opts), P(visml_error)]),
    "visml_extractor_gabor": (P(visml_extractor), [P(visml_context), P(visml_gabor_opts), P(visml_error)]),
    "visml_extractor_dense_sift": (P(visml_extractor), [P(visml_context), P(visml_dense_sift_opts), P(visml_error)]),
    "visml_extractor_daisy": (P(visml_extractor), [P(visml_context), P(visml_daisy_opts), P(visml_error)]),
    "visml_extractor_distance_transform": (P(visml_extractor), [P(visml_context), P(visml_distance_transform_opts),
                                                               P(visml_error)]),
    "visml_aggregator_free": (None, [P(visml_aggregator)]),
    "visml_aggregator_concatenation": (P(visml_aggregator), [P(visml_context), P(visml_error)]),
    "visml_aggregator_mean": (P(visml_aggregator), [P(visml_context), P(visml_error)]),
    "visml_aggregator_max": (P(visml_aggregator), [P(visml_context), P(visml_error)]),
    "visml_aggregator_fit": (int32, [P(visml_aggregator), P(visml_tensor), uint64, P(visml_error)]),
    "visml_aggregator_run": (P(visml_tensor), [P(visml_aggregator), P(visml_tensor), P(visml_error)]),
    "visml_aggregator_bag_of_words": (P(visml_aggregator), [P(visml_context), P(visml_bag_of_words_opts),
                                                            P(visml_error)]),
    "visml_aggregator_vlad": (P(visml_aggregator), [P(visml_context), P(visml_vlad_opts), P(visml_error)]),
    "visml_aggregator_fisher": (P(visml_aggregator), [P(visml_context), P(visml_fisher_opts), P(visml_error)]),
    "visml_transform_free": (None, [P(visml_transform)]),
    "visml_transform_fit": (int32, [P(visml_transform), P(visml_tensor), P(visml_tensor), P(visml_error)]),
    "visml_transform_run": (P(visml_tensor), [P(visml_transform), P(visml_tensor), P(visml_error)]),
    "visml_transform_standardization": (P(visml_transform), [P(visml_context), P(visml_standardization_opts),
                                                             P(visml_error)]),
    "visml_transform_normalization": (P(visml_transform), [P(visml_context), P(visml_normalization_opts),
                                                           P(visml_error)]),
    "visml_transform_variance_selection": (P(visml_transform), [P(visml_context), P(visml_variance_selection_opts),
                                                                P(visml_error)]),
    "visml_transform_pca": (P(visml_transform), [P(visml_context), P(visml_pca_opts), P(visml_error)]),
    "visml_transform_mutual_information_selection": (P(visml_transform), [P(visml_context),
                                                                          P(visml_mutual_information_selection_opts),
                                                                          P(visml_error)]),
    "visml_transform_kernel_map": (P(visml_transform), [P(visml_context), P(visml_kernel_map_opts), P(visml_error)]),
    "visml_features_new": (P(visml_features), [P(visml_context), P(visml_features_opts), P(visml_error)]),
    "visml_features_free": (None, [P(visml_features)]),
    "visml_features_add": (int32, [P(visml_features), P(visml_extractor), P(visml_error)]),
    "visml_features_over": (int32, [P(visml_features), P(visml_regions), P(visml_error)]),
    "visml_features_encode": (int32, [P(visml_features), P(visml_aggregator), P(visml_error)]),
    "visml_features_pool": (int32, [P(visml_features), P(visml_aggregator), P(visml_error)]),
    "visml_features_then": (int32, [P(visml_features), P(visml_transform), P(visml_error)]),
    "visml_features_from_json": (P(visml_features), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_features_to_json": (size_t, [P(visml_features), P(c_char), size_t]),
    "visml_features_fit": (int32, [P(visml_features), P(visml_dataset), P(visml_feature_run_opts), P(visml_error)]),
    "visml_features_is_fitted": (int32, [P(visml_features)]),
    "visml_features_length": (int32, [P(visml_features), P(visml_shape), P(int64), P(visml_error)]),
    "visml_features_transform": (P(visml_tensor), [P(visml_features), P(visml_tensor), P(visml_error)]),
    "visml_features_sequence": (P(visml_tensor), [P(visml_features), P(visml_tensor), P(visml_error)]),
    "visml_features_save": (int32, [P(visml_features), c_char_p, P(visml_error)]),
    "visml_features_load": (P(visml_features), [P(visml_context), c_char_p, P(visml_error)]),
    "visml_table_free": (None, [P(visml_table)]),
    "visml_features_extract": (P(visml_table), [P(visml_features), P(visml_dataset), P(visml_feature_run_opts),
                                                P(visml_error)]),
    "visml_table_count": (int64, [P(visml_table)]),
    "visml_table_length": (int64, [P(visml_table)]),
    "visml_table_values": (P(visml_tensor), [P(visml_table)]),
    "visml_table_labels": (P(visml_tensor), [P(visml_table)]),
    "visml_table_sample": (int64, [P(visml_table), int64]),
    "visml_table_path": (c_char_p, [P(visml_table), int64]),
    "visml_table_class_count": (size_t, [P(visml_table)]),
    "visml_table_class_name": (c_char_p, [P(visml_table), size_t]),
    "visml_table_save_npy": (int32, [P(visml_table), c_char_p, c_char_p, P(visml_error)]),
    "visml_table_save_csv": (int32, [P(visml_table), c_char_p, P(visml_error)]),
    "visml_table_export_arrow": (int32, [P(visml_table), c_void_p, c_void_p, P(visml_error)]),
    "visml_index_new": (P(visml_index), [P(visml_context), P(visml_tensor), P(visml_index_opts), P(visml_error)]),
    "visml_index_free": (None, [P(visml_index)]),
    "visml_index_count": (int64, [P(visml_index)]),
    "visml_index_search": (int32, [P(visml_index), P(visml_tensor), int64, P(P(visml_tensor)), P(P(visml_tensor)),
                                   P(visml_error)]),
    # plot.h
    "visml_plot_free": (None, [P(visml_plot)]),
    "visml_plot_save": (int32, [P(visml_plot), c_char_p, P(visml_error)]),
    "visml_plot_image": (P(visml_tensor), [P(visml_plot), P(visml_error)]),
    "visml_plot_histogram": (P(visml_plot), [P(visml_tensor), P(visml_plot_chart_opts), P(visml_error)]),
    "visml_plot_scatter": (P(visml_plot), [P(visml_tensor), P(visml_tensor), P(c_char_p), size_t, P(visml_plot_chart_opts),
                                           P(visml_error)]),
    "visml_plot_table": (P(visml_plot), [P(visml_table), P(visml_plot_chart_opts), P(visml_error)]),
    "visml_plot_extractor": (P(visml_plot), [P(visml_extractor), P(visml_tensor), P(visml_plot_extractor_opts), P(visml_error)]),
    "visml_plot_features": (P(visml_plot), [P(visml_features), P(visml_tensor), P(visml_plot_extractor_opts), P(visml_error)]),
    "visml_plot_contact_sheet": (P(visml_plot), [P(visml_tensor), P(visml_tensor), P(c_char_p), size_t, P(visml_plot_sheet_opts),
                                                 P(visml_error)]),
    "visml_plot_clusters": (P(visml_plot), [P(visml_table), P(visml_dataset), P(visml_plot_sheet_opts), P(visml_error)]),
    # metric.h
    "visml_report_new": (P(visml_report), [P(visml_context), size_t, P(visml_error)]),
    "visml_report_free": (None, [P(visml_report)]),
    "visml_report_add": (int32, [P(visml_report), P(visml_tensor), P(visml_tensor), P(visml_tensor), P(visml_error)]),
    "visml_report_classes": (size_t, [P(visml_report)]),
    "visml_report_count": (int64, [P(visml_report)]),
    "visml_report_accuracy": (double, [P(visml_report)]),
    "visml_report_float_accuracy": (double, [P(visml_report)]),
    "visml_report_top_k": (double, [P(visml_report), size_t]),
    "visml_report_confusion": (double, [P(visml_report), size_t, size_t]),
    "visml_report_precision": (double, [P(visml_report), size_t]),
    "visml_report_recall": (double, [P(visml_report), size_t]),
    "visml_report_f1": (double, [P(visml_report), size_t]),
    "visml_report_support": (double, [P(visml_report), size_t]),
    "visml_report_macro_f1": (double, [P(visml_report)]),
    "visml_report_text": (size_t, [P(visml_report), P(c_char_p), P(c_char), size_t]),
    # train.h
    "visml_progress_text": (size_t, [P(visml_progress), int32, P(c_char), size_t]),
    "visml_monitor_free": (None, [P(visml_monitor)]),
    "visml_early_stopping": (P(visml_monitor), [P(visml_context), P(visml_early_stopping_opts), P(visml_error)]),
    "visml_model_checkpoint": (P(visml_monitor), [P(visml_context), P(visml_model_checkpoint_opts), P(visml_error)]),
    "visml_reduce_lr_on_plateau": (P(visml_monitor), [P(visml_context), P(visml_reduce_lr_on_plateau_opts), P(visml_error)]),
    "visml_learning_rate_scheduler": (P(visml_monitor), [P(visml_context), P(visml_learning_rate_scheduler_opts), P(visml_error)]),
    "visml_csv_logger": (P(visml_monitor), [P(visml_context), P(visml_csv_logger_opts), P(visml_error)]),
    "visml_json_logger": (P(visml_monitor), [P(visml_context), P(visml_json_logger_opts), P(visml_error)]),
    "visml_tensorboard": (P(visml_monitor), [P(visml_context), P(visml_tensorboard_opts), P(visml_error)]),
    "visml_terminate_on_nan": (P(visml_monitor), [P(visml_context), P(visml_terminate_on_nan_opts), P(visml_error)]),
    "visml_monitor_from_json": (P(visml_monitor), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_history_free": (None, [P(visml_history)]),
    "visml_history_epochs": (size_t, [P(visml_history)]),
    "visml_history_stopped_by": (c_char_p, [P(visml_history)]),
    "visml_history_get": (double, [P(visml_history), c_char_p, size_t]),
    "visml_fit": (int32, [P(visml_model), P(visml_dataset), P(visml_fit_opts), P(P(visml_history)), P(visml_error)]),
    "visml_lr_range_free": (None, [P(visml_lr_range)]),
    "visml_lr_range_count": (size_t, [P(visml_lr_range)]),
    "visml_lr_range_learning_rate": (double, [P(visml_lr_range), size_t]),
    "visml_lr_range_loss": (double, [P(visml_lr_range), size_t]),
    "visml_lr_range_smoothed": (double, [P(visml_lr_range), size_t]),
    "visml_lr_range_suggestion": (double, [P(visml_lr_range)]),
    "visml_lr_range_test": (P(visml_lr_range), [P(visml_model), P(visml_dataset), P(visml_lr_range_opts),
                                                P(visml_error)]),
    "visml_run_result_free": (None, [P(visml_run_result)]),
    "visml_run_result_ended_by": (c_char_p, [P(visml_run_result)]),
    "visml_run_result_get": (double, [P(visml_run_result), c_char_p]),
    "visml_run_result_history": (P(visml_history), [P(visml_run_result)]),
    "visml_run_result_best_export": (c_char_p, [P(visml_run_result)]),
    "visml_run_result_passed_over": (c_char_p, [P(visml_run_result)]),
    "visml_train_and_evaluate": (int32, [P(visml_model), P(visml_train_opts), P(visml_eval_opts), P(visml_run_opts),
                                         P(P(visml_run_result)), P(visml_error)]),
    "visml_quantize": (P(visml_quantization), [P(visml_model), P(visml_dataset), P(visml_quantize_opts), P(visml_error)]),
    "visml_evaluate": (int32, [P(visml_model), P(visml_dataset), P(visml_evaluate_opts), P(double), P(P(visml_report)),
                               P(visml_error)]),
    "visml_predict": (P(visml_tensor), [P(visml_model), P(visml_dataset), P(visml_evaluate_opts), P(visml_error)]),
    # classify.h
    "visml_pipeline_free": (None, [P(visml_pipeline)]),
    "visml_pipeline_new": (P(visml_pipeline), [P(visml_context), P(visml_features), P(visml_classifier), P(visml_error)]),
    "visml_pipeline_from_network": (P(visml_pipeline), [P(visml_model), P(visml_pipeline_network_opts), P(visml_classifier),
                                    P(visml_error)]),
    "visml_pipeline_from_model": (P(visml_pipeline), [P(visml_model), P(visml_error)]),
    "visml_pipeline_from_json": (P(visml_pipeline), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_pipeline_to_json": (size_t, [P(visml_pipeline), P(c_char), size_t]),
    "visml_pipeline_is_fitted": (int32, [P(visml_pipeline)]),
    "visml_pipeline_features": (P(visml_features), [P(visml_pipeline)]),
    "visml_pipeline_network": (P(visml_model), [P(visml_pipeline)]),
    "visml_pipeline_classifier": (P(visml_classifier), [P(visml_pipeline)]),
    "visml_pipeline_input_shape": (P(visml_shape), [P(visml_pipeline)]),
    "visml_pipeline_class_count": (size_t, [P(visml_pipeline)]),
    "visml_pipeline_class_name": (c_char_p, [P(visml_pipeline), size_t]),
    "visml_pipeline_set_classes": (int32, [P(visml_pipeline), P(c_char_p), size_t, P(visml_error)]),
    "visml_pipeline_fit": (int32, [P(visml_pipeline), P(visml_dataset), P(visml_pipeline_fit_opts), P(visml_error)]),
    "visml_pipeline_transform": (P(visml_tensor), [P(visml_pipeline), P(visml_tensor), P(visml_error)]),
    "visml_pipeline_predict": (P(visml_tensor), [P(visml_pipeline), P(visml_tensor), P(visml_error)]),
    "visml_pipeline_predict_proba": (P(visml_tensor), [P(visml_pipeline), P(visml_tensor), P(visml_error)]),
    "visml_pipeline_scores": (P(visml_tensor), [P(visml_pipeline), P(visml_tensor), P(visml_error)]),
    "visml_pipeline_has_probabilities": (int32, [P(visml_pipeline)]),
    "visml_pipeline_score_dataset": (P(visml_tensor), [P(visml_pipeline), P(visml_dataset), P(visml_pipeline_run_opts), P(visml_error)]),
    "visml_pipeline_evaluate": (int32, [P(visml_pipeline), P(visml_dataset), P(visml_pipeline_run_opts), P(P(visml_report)),
                                P(visml_error)]),
    "visml_pipeline_save": (int32, [P(visml_pipeline), c_char_p, P(visml_error)]),
    "visml_pipeline_load": (P(visml_pipeline), [P(visml_context), c_char_p, P(visml_error)]),
    "visml_file_kind": (size_t, [P(visml_context), c_char_p, P(c_char), size_t]),
    "visml_nms": (P(visml_tensor), [P(visml_tensor), P(visml_tensor), double, P(visml_error)]),
    "visml_pipeline_detect": (int32, [P(visml_pipeline), P(visml_tensor), P(visml_detect_opts), P(P(visml_tensor)), P(P(visml_tensor)),
                              P(P(visml_tensor)), P(visml_error)]),
    "visml_classifier_free": (None, [P(visml_classifier)]),
    "visml_classifier_fit": (int32, [P(visml_classifier), P(visml_tensor), P(visml_tensor), P(visml_classifier_fit_opts),
                                     P(visml_error)]),
    "visml_classifier_partial_fit": (int32, [P(visml_classifier), P(visml_tensor), P(visml_tensor), P(visml_classifier_fit_opts),
                                             P(visml_error)]),
    "visml_classifier_fit_rows": (int32, [P(visml_classifier), P(visml_row_source), P(visml_classifier_fit_opts), P(visml_error)]),
    "visml_classifier_predict": (P(visml_tensor), [P(visml_classifier), P(visml_tensor), P(visml_error)]),
    "visml_classifier_predict_proba": (P(visml_tensor), [P(visml_classifier), P(visml_tensor), P(visml_error)]),
    "visml_classifier_decision": (P(visml_tensor), [P(visml_classifier), P(visml_tensor), P(visml_error)]),
    "visml_classifier_score": (int32, [P(visml_classifier), P(visml_tensor), P(visml_tensor), P(visml_tensor), P(double),
                                       P(visml_error)]),
    "visml_classifier_task": (int32, [P(visml_classifier)]),
    "visml_classifier_name": (c_char_p, [P(visml_classifier)]),
    "visml_classifier_is_fitted": (int32, [P(visml_classifier)]),
    "visml_classifier_feature_count": (int64, [P(visml_classifier)]),
    "visml_classifier_classes": (P(visml_tensor), [P(visml_classifier)]),
    "visml_classifier_array": (P(visml_tensor), [P(visml_classifier), c_char_p]),
    "visml_classifier_from_json": (P(visml_classifier), [P(visml_context), c_char_p, size_t, P(visml_error)]),
    "visml_classifier_to_json": (size_t, [P(visml_classifier), P(c_char), size_t]),
    "visml_classifier_save": (int32, [P(visml_classifier), c_char_p, P(visml_error)]),
    "visml_classifier_load": (P(visml_classifier), [P(visml_context), c_char_p, P(visml_error)]),
    # linear
    "visml_classifier_logistic_regression": (P(visml_classifier), [P(visml_context), P(visml_logistic_regression_opts),
                                                                   P(visml_error)]),
    "visml_classifier_linear_svm": (P(visml_classifier), [P(visml_context), P(visml_linear_svm_opts), P(visml_error)]),
    "visml_classifier_ridge": (P(visml_classifier), [P(visml_context), P(visml_ridge_opts), P(visml_error)]),
    "visml_classifier_sgd": (P(visml_classifier), [P(visml_context), P(visml_linear_sgd_opts), P(visml_error)]),
    "visml_classifier_perceptron": (P(visml_classifier), [P(visml_context), P(visml_perceptron_opts), P(visml_error)]),
    "visml_classifier_passive_aggressive": (P(visml_classifier), [P(visml_context), P(visml_passive_aggressive_opts),
                                                                  P(visml_error)]),
    # support vector machines with kernels
    "visml_classifier_svm": (P(visml_classifier), [P(visml_context), P(visml_svm_opts), P(visml_error)]),
    "visml_classifier_svr": (P(visml_classifier), [P(visml_context), P(visml_svr_opts), P(visml_error)]),
    "visml_classifier_one_class_svm": (P(visml_classifier), [P(visml_context), P(visml_one_class_svm_opts), P(visml_error)]),
    # trees, forests, boosting
    "visml_classifier_decision_tree": (P(visml_classifier), [P(visml_context), P(visml_decision_tree_opts), P(visml_error)]),
    "visml_classifier_random_forest": (P(visml_classifier), [P(visml_context), P(visml_forest_opts), P(visml_error)]),
    "visml_classifier_extra_trees": (P(visml_classifier), [P(visml_context), P(visml_forest_opts), P(visml_error)]),
    "visml_classifier_adaboost": (P(visml_classifier), [P(visml_context), P(visml_adaboost_opts), P(visml_error)]),
    "visml_classifier_gradient_boosting": (P(visml_classifier), [P(visml_context), P(visml_gradient_boosting_opts), P(visml_error)]),
    "visml_classifier_importances": (P(visml_tensor), [P(visml_classifier), int32, P(visml_error)]),
    "visml_classifier_apply": (P(visml_tensor), [P(visml_classifier), P(visml_tensor), P(visml_error)]),
    "visml_classifier_shap": (P(visml_tensor), [P(visml_classifier), P(visml_tensor), P(visml_error)]),
    # neighbours, naive Bayes, clusters
    "visml_classifier_gaussian_naive_bayes": (P(visml_classifier), [P(visml_context), P(visml_gaussian_naive_bayes_opts),
                                                                    P(visml_error)]),
    "visml_classifier_k_neighbors": (P(visml_classifier), [P(visml_context), P(visml_k_neighbors_opts), P(visml_error)]),
    "visml_classifier_k_means": (P(visml_classifier), [P(visml_context), P(visml_k_means_opts), P(visml_error)]),
    "visml_classifier_gaussian_mixture": (P(visml_classifier), [P(visml_context), P(visml_gaussian_mixture_opts), P(visml_error)]),
    # what works by others
    "visml_classifier_one_vs_rest": (P(visml_classifier), [P(visml_context), P(visml_classifier), P(visml_one_vs_rest_opts),
                                                           P(visml_error)]),
    "visml_classifier_one_vs_one": (P(visml_classifier), [P(visml_context), P(visml_classifier), P(visml_one_vs_one_opts),
                                                          P(visml_error)]),
    "visml_classifier_calibration": (P(visml_classifier), [P(visml_context), P(visml_classifier), P(visml_calibration_opts),
                                                           P(visml_error)]),
    "visml_classifier_voting": (P(visml_classifier), [P(visml_context), P(P(visml_classifier)), size_t, P(visml_voting_opts),
                                                      P(visml_error)]),
    "visml_classifier_bagging": (P(visml_classifier), [P(visml_context), P(visml_classifier), P(visml_bagging_opts),
                                                       P(visml_error)]),
    "visml_classifier_stacking": (P(visml_classifier), [P(visml_context), P(P(visml_classifier)), size_t, P(visml_stacking_opts),
                                                        P(visml_error)]),
}


# ---- loading ----


def candidates():
    """Where the library is looked for, in order: beside the package, VISML_LIBRARY, the system."""
    here = pathlib.Path(__file__).resolve().parent
    name = f"libvisml.so.{ABI_MAJOR}"
    for path in (here / name, here / "libvisml.so"):
        if path.exists():
            yield str(path)
    if os.environ.get("VISML_LIBRARY"):
        yield os.environ["VISML_LIBRARY"]
    yield name
    # No soname of another ABI: what find_library("visml") finds is taken only when it is this major.
    found = ctypes.util.find_library("visml")
    if found and found.endswith(f".so.{ABI_MAJOR}"):
        yield found


def load():
    """The library with all prototypes set."""
    tried = []
    for path in candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as e:
            tried.append(f"{path}: {e}")
            continue
        missing = [name for name in PROTOTYPES if not hasattr(library, name)]
        if missing:
            tried.append(f"{path}: does not export {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''}")
            continue
        for name, (result, arguments) in PROTOTYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        return library
    raise ImportError("libvisml is not found; set VISML_LIBRARY to the path of libvisml.so. Tried:\n  " + "\n  ".join(tried))


lib = load()
