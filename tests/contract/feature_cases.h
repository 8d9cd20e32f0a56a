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
    /* distance and angle of pixels: gradients and shapes */
    /* texture and descriptors */
};

/* Those that learn do it from 96 rows. */
static const feature_case aggregator_cases[] = {
    {"concatenation", ""},
    {"mean", ""},
    {"max", ""},
    /* codebooks */
};

/* Those that learn do it from 60 vectors of 12 numbers and 3 classes. */
static const feature_case transform_cases[] = {
    {"standardization", ""},
    {"standardization", "\"no_mean\": true, \"no_deviation\": true"},
    /* transforms */
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
