/* What the contract test of features tries: a row or more for each class, all fields of its options set to something else than their
 * default somewhere. A class without a row fails the test with its name. */
#ifndef CONTRACT_FEATURE_CASES_H
#define CONTRACT_FEATURE_CASES_H

typedef struct feature_case {
    const char *name, *json; /* fields behind the class */
} feature_case;

/* Each takes pictures of 48 x 48 pixels, or learns from them. */
static const feature_case extractor_cases[] = {
    {"pixels", ""},
    {"maximum", ""},
    {"average", ""},
    /* histograms and colours */
    {"histogram", ""},
    {"histogram", "\"space\": \"hsv\", \"norm\": \"l2\", \"bins\": [4, 3, 2, 2], \"joint\": true, \"cumulative\": true"},
    {"histogram", "\"bins\": [4, 3]"},
    {"color_moments", ""},
    {"color_moments", "\"space\": \"lab\", \"skewness\": \"standardized\""},
    {"quality", "\"dark\": 0.2, \"bright\": 0.7"},
    {"dominant_colors", "\"k\": 3, \"max_iterations\": 4"},
    {"color_pca", "\"components\": 2"},
    {"color_projection", "\"components\": 2"},
    /* distance and angle of pixels: gradients and shapes */
    {"hog", ""},
    {"hog", "\"variant\": \"uoctti\", \"orientations\": 6, \"pixels_per_cell\": [6, 8]"},
    {"hog", "\"cells_per_block\": [2, 1], \"block_norm\": \"l1\", \"transform_sqrt\": true"},
    {"edge_orientations", "\"bins\": 12, \"weighted\": true, \"threshold\": 0.2"},
    {"edge_orientations", "\"unsigned_angle\": true"},
    {"gradient_stats", ""},
    {"hu_moments", "\"log_scale\": true"},
    {"zernike", "\"degree\": 5"},
    {"radial_profile", "\"rings\": 4, \"sectors\": 3, \"log_polar\": true"},
    /* texture and descriptors */
    {"lbp", ""},
    {"lbp", "\"method\": \"ror\", \"radius\": [1, 2.5], \"points\": [8, 12]"},
    {"glcm", "\"levels\": 32, \"distances\": [1, 3], \"angles\": 2, \"symmetric\": true, \"average\": true"},
    {"glcm", ""},
    {"gabor", "\"orientations\": 4, \"frequencies\": [0.3, 0.1], \"bandwidth\": 1.5, \"n_stds\": 2.5"},
    {"dense_sift", "\"bin_size\": 3, \"step\": [6, 9], \"window_size\": 1.5"},
    {"dense_sift", "\"flat_window\": true"},
    {"daisy", "\"step\": 7, \"radius\": 9, \"rings\": 2, \"histograms\": 5, \"orientations\": 6, \"normalization\": \"daisy\""},
    {"distance_transform", "\"map\": \"bright\", \"bins\": 7, \"threshold\": 0.8"},
    {"distance_transform", ""},
};

/* Those that learn do it from 96 rows. */
static const feature_case aggregator_cases[] = {
    {"concatenation", ""},
    {"mean", ""},
    {"max", ""},
    /* codebooks */
    {"bag_of_words", "\"clusters\": 4, \"max_iterations\": 7, \"norm\": \"l2\""},
    {"vlad", "\"clusters\": 3, \"max_iterations\": 5, \"no_power\": true, \"intra\": true, \"no_l2\": true"},
    {"fisher", "\"components\": 3, \"max_iterations\": 5, \"no_power\": true, \"no_l2\": true"},
};

/* Those that learn do it from 60 vectors of 12 numbers and 3 classes. */
static const feature_case transform_cases[] = {
    {"standardization", ""},
    {"standardization", "\"no_mean\": true, \"no_deviation\": true"},
    /* transforms */
    {"normalization", "\"norm\": \"power\", \"exponent\": 0.3"},
    {"variance_selection", "\"threshold\": 0.00001"},
    {"pca", "\"components\": 4, \"whiten\": true, \"solver\": \"covariance\", \"oversamples\": 3, \"power_iterations\": 2"},
    {"pca", "\"variance\": 0.8"},
    {"pca", "\"components\": 4, \"solver\": \"randomized\""},
    {"kernel_map", ""},
    {"kernel_map", "\"kernel\": \"jensen_shannon\", \"order\": 3, \"period\": 0.4"},
    {"mutual_information_selection", "\"components\": 3, \"bins\": 5"},
};

static const feature_case regions_cases[] = {
    {"whole", ""},
    {"grid", "\"rows\": 3, \"columns\": 2"},
    {"grid", ""},
    {"pyramid", "\"levels\": 2"},
    {"window", "\"height\": 2, \"width\": 3, \"stride\": [1, 2], \"padding\": [1, 2], \"padding_value\": 0.5, \"scales\": [1, 1.5]"},
    {"window", "\"height\": 2, \"width\": 2"},
    {"boxes", "\"boxes\": [[0, 0, 1, 1], [1, 2, 3, 4]]"},
};

#endif
