/* The expected texts are what keras.utils.Progbar of Keras 3.15 prints for these numbers, without its colours; the part of the bar that
 * is left is drawn with a light line here. */
#include "support/support.h"

#include <math.h>
#include <string.h>

#include "visml/train.h"

#define BAR20 "━━━━━━━━━━━━━━━━━━━━"
#define BAR10 "━━━━━━━━━━──────────"
#define BAR4 "━━━━────────────────"
#define BAR0 "────────────────────"
#define END "\x1b[K"

static visml_progress progress(int64_t step, int64_t steps, double seconds, double accuracy, double loss) {
    return (visml_progress){.size = sizeof(visml_progress), .epochs = 5, .epoch = 0, .step = step, .steps = steps, .loss = loss,
                            .accuracy = accuracy, .val_loss = NAN, .val_accuracy = NAN, .seconds = seconds, .images_per_second = NAN,
                            .learning_rate = 1e-3};
}

static void check(visml_progress p, int32_t style, const char *want) {
    char text[400];
    assert_int_equal(visml_progress_text(&p, style, text, sizeof text), strlen(want));
    assert_string_equal(text, want);
}

static void bars_are_those_of_keras(void **state) {
    (void)state;
    visml_progress p = progress(938, 938, 4, 0.8391, 0.4513);
    check(p, 1, "\r938/938 " BAR20 " 4s 4ms/step - accuracy: 0.8391 - loss: 0.4513" END);
    p.val_accuracy = 0.87;
    p.val_loss = 0.0005;
    check(p, 1, "\r938/938 " BAR20 " 4s 4ms/step - accuracy: 0.8391 - loss: 0.4513 - val_accuracy: 0.8700 - val_loss: 5.0000e-04" END);
    check(progress(469, 938, 4, 0.8391, 0.4513), 1, "\r469/938 " BAR10 " 4s 9ms/step - accuracy: 0.8391 - loss: 0.4513" END);
    check(progress(1, 5, 100, 0.8391, 0.4513), 1, "\r1/5 " BAR4 " 6:40 100s/step - accuracy: 0.8391 - loss: 0.4513" END);
    check(progress(1, 100, 40, 0.8391, 0.4513), 1, "\r  1/100 " BAR0 " 1:06:00 40s/step - accuracy: 0.8391 - loss: 0.4513" END);
    check(progress(2, 300, 100, 0.8391, 0.4513), 1, "\r  2/300 " BAR0 " 4:08:20 50s/step - accuracy: 0.8391 - loss: 0.4513" END);
    check(progress(0, 10, 0, 0.8391, 0.4513), 1, "\r 0/10 " BAR0 " 0s 0s/step - accuracy: 0.8391 - loss: 0.4513" END);
    check(progress(3, 1000, 0.0003, 0, NAN), 1, "\r   3/1000 " BAR0 " 0s 100us/step - accuracy: 0.0000e+00 - loss: nan" END);
    check(progress(8, 8, 0.49, NAN, 12345.678), 1, "\r8/8 " BAR20 " 0s 61ms/step - loss: 12345.6780" END);
    check(progress(8, 8, 0.49, NAN, 1e-3), 1, "\r8/8 " BAR20 " 0s 61ms/step - loss: 1.0000e-03" END);
    check(progress(7, 0, 7, NAN, 1), 1, "\r      7/Unknown 7s 1s/step - loss: 1.0000" END);
}

static void lines_are_those_of_keras_with_the_epoch(void **state) {
    (void)state;
    check(progress(938, 938, 12.4, 0.8391, 0.4513), 0, "Epoch 1/5 - 12s - 13ms/step - accuracy: 0.8391 - loss: 0.4513");
    check(progress(5, 5, 7.5, 0.8391, 0.4513), 0, "Epoch 1/5 - 8s - 2s/step - accuracy: 0.8391 - loss: 0.4513");
    visml_progress p = progress(5, 5, 7.5, NAN, -2);
    p.epoch = 4;
    p.val_loss = 3;
    check(p, 0, "Epoch 5/5 - 8s - 2s/step - loss: -2.0000 - val_loss: 3.0000");
}

static void numbers_have_a_point_in_every_locale(void **state) {
    (void)state;
    if (!test_locale("de_DE"))
        skip(); /* the host has it neither nor localedef to make it */
    check(progress(5, 5, 7.5, 0.5, 1e-5), 0, "Epoch 1/5 - 8s - 2s/step - accuracy: 0.5000 - loss: 1.0000e-05");
    test_locale_end();
}

static void odd_numbers_do_no_harm(void **state) {
    (void)state;
    char text[600];
    visml_progress p = progress(INT64_MAX, INT64_MAX, INFINITY, INFINITY, -INFINITY);
    assert_true(visml_progress_text(&p, 1, text, sizeof text) > 0);
    p = progress(-5, INT64_MIN, NAN, NAN, NAN);
    assert_true(visml_progress_text(&p, 1, text, sizeof text) > 0);
    p = progress(1, INT64_MAX, 1e300, NAN, NAN);
    assert_true(visml_progress_text(&p, 1, text, sizeof text) > 0);
    p = progress(INT64_MIN, 3, -1, 1e300, 1e300);
    p.epoch = INT32_MAX;
    assert_true(visml_progress_text(&p, 0, text, sizeof text) > 0);
}

static void short_buffers_get_whole_characters(void **state) {
    (void)state;
    char text[8];
    visml_progress p = progress(5, 5, 1, NAN, 1);
    size_t n = visml_progress_text(&p, 1, NULL, 0);
    assert_int_equal(n, strlen("\r5/5 " BAR20 " 1s 200ms/step - loss: 1.0000" END));
    assert_int_equal(visml_progress_text(&p, 1, text, 7), n);
    assert_string_equal(text, "\r5/5 "); /* the first piece of the bar, three bytes, does not fit */
    assert_int_equal(visml_progress_text(&p, 1, text, 1), n);
    assert_string_equal(text, "");
}

static void bad_arguments_give_nothing(void **state) {
    (void)state;
    char text[8] = "old";
    visml_progress p = progress(5, 5, 1, NAN, 1);
    assert_int_equal(visml_progress_text(NULL, 1, text, sizeof text), 0);
    assert_string_equal(text, "");
    p.size = 0;
    assert_int_equal(visml_progress_text(&p, 1, NULL, 0), 0);
    struct {
        visml_progress p;
        int64_t more;
    } newer = {progress(5, 5, 1, NAN, 1), 0};
    newer.p.size = sizeof newer;
    assert_true(visml_progress_text(&newer.p, 1, NULL, 0) > 0);
    newer.more = 1;
    assert_int_equal(visml_progress_text(&newer.p, 1, NULL, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_those_of_keras),
        cmocka_unit_test(lines_are_those_of_keras_with_the_epoch),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(odd_numbers_do_no_harm),
        cmocka_unit_test(short_buffers_get_whole_characters),
        cmocka_unit_test(bad_arguments_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
