#include "support/support.h"

#include <string.h>

#include "golden/tfevents_golden.h"
#include "train/tfevents.h"

static void the_bytes_are_those_of_tensorboard(void **state) {
    (void)state;
    unsigned char record[VISML_TFEVENT_LONGEST];
    assert_int_equal(visml_tfevent_version(record, 1700000000.25), sizeof version_record);
    assert_memory_equal(record, version_record, sizeof version_record);
    assert_int_equal(visml_tfevent_scalar(record, 1700000001.5, 300, "epoch_loss", 0.15625f), sizeof scalar_record);
    assert_memory_equal(record, scalar_record, sizeof scalar_record);
}

/* The longest record that there can be fits. */
static void long_names_are_cut(void **state) {
    (void)state;
    unsigned char record[VISML_TFEVENT_LONGEST], same[VISML_TFEVENT_LONGEST];
    char tag[1000];
    memset(tag, 'a', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    size_t n = visml_tfevent_scalar(record, 1, INT64_MAX, tag, 1);
    assert_true(n < VISML_TFEVENT_LONGEST);
    tag[VISML_TFEVENT_LONGEST_TAG] = '\0';
    assert_int_equal(visml_tfevent_scalar(same, 1, INT64_MAX, tag, 1), n);
    assert_memory_equal(record, same, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_tensorboard),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
