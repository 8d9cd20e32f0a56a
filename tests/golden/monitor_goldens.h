/* Made by make_monitor_goldens.py with Keras 3.15.1. */
static const double falling[] = {
    1.0, 0.8, 0.7, 0.69, 0.695, 0.68, 0.7, 0.71, 0.72, 0.5, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65,
};
static const double flat[] = {
    0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
};
static const double bumpy[] = {
    0.269, 0.389, 0.841, 0.666, 0.275, 0.547, 0.583, 0.328, 0.788, 0.291, 0.513, 0.613, 0.545, 0.669, 0.79, 0.965,
};
static const double rising[] = {
    0.1, 0.2, 0.25, 0.22, 0.21, 0.24, 0.3, 0.31, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.22,
};

static const struct {
    const double *curve;
    visml_early_stopping_opts opts;
    int epochs, best;
} stops[] = {
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1}, 5, 3},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2}, 8, 5},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .min_delta = 0.05}, 6, 2},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .baseline = 0.45}, 5, 3},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 1, .start_from_epoch = 4}, 7, 5},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .mode = VISML_MODE_MAX}, 4, 0},
    {falling, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .monitor = "val_accuracy"}, 3, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1}, 2, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2}, 3, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .min_delta = 0.05}, 4, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .baseline = 0.45}, 2, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 1, .start_from_epoch = 4}, 6, 4},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .mode = VISML_MODE_MAX}, 4, 0},
    {flat, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .monitor = "val_accuracy"}, 3, 0},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1}, 2, 0},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2}, 3, 0},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .min_delta = 0.05}, 4, 0},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .baseline = 0.45}, 3, 0},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 1, .start_from_epoch = 4}, 6, 4},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .mode = VISML_MODE_MAX}, 6, 2},
    {bumpy, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .monitor = "val_accuracy"}, 5, 2},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1}, 2, 0},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2}, 3, 0},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .min_delta = 0.05}, 4, 0},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .baseline = 0.45}, 3, 0},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 1, .start_from_epoch = 4}, 6, 4},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 3, .mode = VISML_MODE_MAX}, 6, 2},
    {rising, {.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1, .patience = 2, .monitor = "val_accuracy"}, 5, 2},
};

static const struct {
    const double *curve;
    visml_reduce_lr_on_plateau_opts opts;
    double rates[16];
} plateaus[] = {
    {falling, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2},
     {0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.00999999978,
      0.00999999978, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05, 9.99999884e-06}},
    {falling, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .cooldown = 2, .factor = 0.5},
     {0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.0500000007, 0.0500000007, 0.0250000004, 0.0250000004,
      0.0125000002, 0.0125000002, 0.00625000009, 0.00625000009, 0.00312500005, 0.00312500005, 0.00156250002, 0.00156250002}},
    {falling, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .min_lr = 0.02, .factor = 0.3},
     {0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.0300000012, 0.0300000012, 0.0199999996, 0.0199999996,
      0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996}},
    {falling, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2, .mode = VISML_MODE_MAX, .min_delta = 0.02},
     {0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05,
      9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08, 9.99999905e-09, 9.99999905e-09}},
    {flat, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2},
     {0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05,
      9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08, 9.99999905e-09, 9.99999905e-09}},
    {flat, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .cooldown = 2, .factor = 0.5},
     {0.100000001, 0.0500000007, 0.0500000007, 0.0250000004, 0.0250000004, 0.0125000002, 0.0125000002, 0.00625000009,
      0.00625000009, 0.00312500005, 0.00312500005, 0.00156250002, 0.00156250002, 0.000781250012, 0.000781250012, 0.000390625006}},
    {flat, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .min_lr = 0.02, .factor = 0.3},
     {0.100000001, 0.0300000012, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996,
      0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996}},
    {flat, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2, .mode = VISML_MODE_MAX, .min_delta = 0.02},
     {0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05,
      9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08, 9.99999905e-09, 9.99999905e-09}},
    {bumpy, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2},
     {0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05,
      9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08, 9.99999905e-09, 9.99999905e-09}},
    {bumpy, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .cooldown = 2, .factor = 0.5},
     {0.100000001, 0.0500000007, 0.0500000007, 0.0250000004, 0.0250000004, 0.0125000002, 0.0125000002, 0.00625000009,
      0.00625000009, 0.00312500005, 0.00312500005, 0.00156250002, 0.00156250002, 0.000781250012, 0.000781250012, 0.000390625006}},
    {bumpy, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .min_lr = 0.02, .factor = 0.3},
     {0.100000001, 0.0300000012, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996,
      0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996}},
    {bumpy, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2, .mode = VISML_MODE_MAX, .min_delta = 0.02},
     {0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931,
      9.99999902e-05, 9.99999902e-05, 9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08}},
    {rising, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2},
     {0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05,
      9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07, 9.9999987e-08, 9.9999987e-08, 9.99999905e-09, 9.99999905e-09}},
    {rising, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .cooldown = 2, .factor = 0.5},
     {0.100000001, 0.0500000007, 0.0500000007, 0.0250000004, 0.0250000004, 0.0125000002, 0.0125000002, 0.00625000009,
      0.00625000009, 0.00312500005, 0.00312500005, 0.00156250002, 0.00156250002, 0.000781250012, 0.000781250012, 0.000390625006}},
    {rising, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 1, .min_lr = 0.02, .factor = 0.3},
     {0.100000001, 0.0300000012, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996,
      0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996, 0.0199999996}},
    {rising, {.size = sizeof(visml_reduce_lr_on_plateau_opts), .patience = 2, .mode = VISML_MODE_MAX, .min_delta = 0.02},
     {0.100000001, 0.100000001, 0.100000001, 0.100000001, 0.00999999978, 0.00999999978, 0.00999999978, 0.00999999978,
      0.000999999931, 0.000999999931, 9.99999902e-05, 9.99999902e-05, 9.99999884e-06, 9.99999884e-06, 9.99999884e-07, 9.99999884e-07}},
};
