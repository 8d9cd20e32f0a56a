/* Neighbours beside scikit-learn's. */
#include "others.h"

enum { ALL = GOLDEN_M * GOLDEN_K };

/* Votes are quotients of small numbers: a float holds them to half a unit in the last place, both sides. Weights are reciprocals of
 * distances, which differ from those of doubles by some units of 2^-24 each. */
static void votes_are_scikit_learns(void **state) {
    (void)state;
    assert_says("k_neighbors", y, PROBABILITIES, ALL, golden_neighbors_euclidean_uniform, 0x1p-24);
    assert_says("{\"class\": \"k_neighbors\", \"metric\": \"l1\"}", y, PROBABILITIES, ALL, golden_neighbors_manhattan_uniform, 0x1p-24);
    assert_says("{\"class\": \"k_neighbors\", \"metric\": \"cosine\"}", y, PROBABILITIES, ALL, golden_neighbors_cosine_uniform, 0x1p-24);
    assert_says("{\"class\": \"k_neighbors\", \"weights\": \"distance\"}", y, PROBABILITIES, ALL, golden_neighbors_euclidean_distance,
                16 * 0x1p-24);
    assert_says("{\"class\": \"k_neighbors\", \"weights\": \"distance\", \"metric\": \"l1\"}", y, DECISION, ALL,
                golden_neighbors_manhattan_distance, 16 * 0x1p-24);
}

/* 1 - cos loses digits where angles are small: 2^-23 of 1 beside distances of some 0.01. */
static void small_angles(void **state) {
    (void)state;
    assert_says("{\"class\": \"k_neighbors\", \"weights\": \"distance\", \"metric\": \"cosine\"}", y, PROBABILITIES, ALL,
                golden_neighbors_cosine_distance, 1e-3);
}

/* Numbers are some 10 at most. */
static void numbers_are_averaged(void **state) {
    (void)state;
    assert_says("{\"class\": \"k_neighbors\", \"task\": \"regression\", \"n_neighbors\": 4, \"weights\": \"distance\"}", t, PREDICTION,
                GOLDEN_M, golden_neighbors_regression, 10 * 16 * 0x1p-24);
}

/* A row that was learned is its own neighbour, at no distance, and alone counts. */
static void rows_at_no_distance_count_alone(void **state) {
    (void)state;
    visml_classifier *c = learned("{\"class\": \"k_neighbors\", \"weights\": \"distance\"}", y);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
    for (int i = 0; i < GOLDEN_N; i++)
        assert_true(((float *)(void *)p->data)[i * GOLDEN_K + golden_y[i]] == 1);
    visml_tensor_release(p);
    visml_classifier_free(c);
}

/* Of histograms the largest intersection is nearest, and weighs most. */
static void likeness_is_weighed(void **state) {
    (void)state;
    visml_classifier *c = from_json("{\"class\": \"k_neighbors\", \"n_neighbors\": 2, \"weights\": \"distance\", "
                                    "\"metric\": \"intersection\"}");
    float rows[] = {3, 0, 0, 1, 1, 1}, ask_for[] = {2, 1};
    int32_t labels[] = {0, 1, 2};
    visml_tensor *a = table(VISML_F32, VISML_SHAPE(3, 2), rows), *b = table(VISML_I32, VISML_SHAPE(3), labels);
    visml_tensor *z = table(VISML_F32, VISML_SHAPE(1, 2), ask_for);
    assert_ok(visml_classifier_fit(c, a, b, NULL, &err), &err);
    visml_tensor *p = assert_made(visml_classifier_predict_proba(c, z, &err), &err);
    assert_near(p, 3, (const float[]){0.5f, 0, 0.5f}, 0);
    visml_tensor_release(a), visml_tensor_release(b), visml_tensor_release(z), visml_tensor_release(p);
    visml_classifier_free(c);
}

static void what_cannot_be_learned(void **state) {
    (void)state;
    assert_refused("{\"class\": \"k_neighbors\", \"n_neighbors\": 91}", y,
                   "k_neighbors: n_samples = 90, must be n_neighbors = 91 at least and 2147483647 at most");
    int first = 0;
    while (golden_x[first] >= 0)
        first++;
    char message[120];
    snprintf(message, sizeof message, "k_neighbors: x[%d, %d] is %g, must not be negative for chi2", first / GOLDEN_D, first % GOLDEN_D,
             (double)golden_x[first]);
    assert_refused("{\"class\": \"k_neighbors\", \"metric\": \"chi2\"}", y, message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_are_scikit_learns),         cmocka_unit_test(small_angles),        cmocka_unit_test(numbers_are_averaged),
        cmocka_unit_test(rows_at_no_distance_count_alone), cmocka_unit_test(likeness_is_weighed), cmocka_unit_test(what_cannot_be_learned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
