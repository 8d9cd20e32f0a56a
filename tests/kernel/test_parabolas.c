#include "levels.h"

enum { REACH = 9 };

/* Over the whole row. */
static float definition(const float *x, int64_t n, int64_t i) {
    float best = INFINITY;
    for (int64_t k = -REACH; k < n + REACH; k++)
        best = fminf(best, x[k] + (float)((k - i) * (k - i)));
    return best;
}

static void fill(float *x, int64_t n, uint64_t *seed, uint32_t every) {
    for (int64_t i = 0; i < n; i++)
        x[i] = test_random(seed) % every ? INFINITY : (float)(test_random(seed) % 40);
}

/* One is found when it is said to be, and is said to be when none lies farther than it is looked. */
static void the_least_or_nothing(void **state) {
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t count = all_levels(levels);
    int found = 0, missed = 0;
    (void)state;
    for (size_t l = 0; l < count; l++)
        for (int64_t n = 0; n < 90; n++)
            for (uint32_t every = 1; every < 14; every += 3) {
                uint64_t seed = (uint64_t)n * 31 + every;
                size_t bytes = (size_t)(n + 2 * REACH) * sizeof(float);
                float *row = test_guarded(bytes), *x = row + REACH, *y = test_guarded((size_t)n * sizeof(float)), most = 0;
                fill(row, n + 2 * REACH, &seed, every);
                int done = levels[l].kernels.least_parabolas(n, REACH, x, y);
                for (int64_t i = 0; i < n; i++) {
                    float want = definition(x, n, i);
                    most = fmaxf(most, want);
                    if (done)
                        assert_true(y[i] == want);
                }
                if (most < (float)((REACH + 1) * (REACH + 1)))
                    assert_true(done);
                found += done;
                missed += !done;
                test_guarded_free(y, (size_t)n * sizeof(float));
                test_guarded_free(row, bytes);
            }
    assert_true(found > 100 && missed > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
