#include "support/support.h"

#include <string.h>

#include "base/checksum.h"

/* The check value of the catalogue of CRCs, and what zlib's crc32 gives. */
static void gives_the_known_answers(void **state) {
    (void)state;
    unsigned char block[32];
    assert_int_equal(visml_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(visml_crc32(0, "", 0), 0);
    assert_int_equal(visml_crc32(0, NULL, 0), 0);
    assert_int_equal(visml_crc32(0, "a", 1), 0xE8B7BE43);
    assert_int_equal(visml_crc32(0, "abc", 3), 0x352441C2);
    assert_int_equal(visml_crc32(0, memset(block, 0, sizeof block), sizeof block), 0x190A55AD);
    assert_int_equal(visml_crc32(0, memset(block, 0xFF, sizeof block), sizeof block), 0xFF6CAB0B);
}

/* The definition: one bit after the other through the polynomial. */
static uint32_t bit_by_bit(const unsigned char *p, size_t n) {
    uint32_t c = 0xFFFFFFFF;
    for (size_t i = 0; i < 8 * n; i++) {
        uint32_t bit = (c ^ (uint32_t)p[i / 8] >> i % 8) & 1;
        c = c >> 1 ^ (bit ? 0xEDB88320 : 0);
    }
    return ~c;
}

/* Every entry of the tables is used; memory ends where the bytes do, and begins at any place. */
static void is_the_remainder_at_every_length(void **state) {
    (void)state;
    uint64_t random = 5;
    for (size_t n = 0; n < 2100; n = n < 80 ? n + 1 : n + 101) {
        unsigned char *p = test_guarded(n);
        for (size_t i = 0; i < n; i++)
            p[i] = (unsigned char)test_random(&random);
        assert_int_equal(visml_crc32(0, p, n), bit_by_bit(p, n));
        test_guarded_free(p, n);
    }
}

static void pieces_add_up(void **state) {
    (void)state;
    char bytes[300];
    for (int i = 0; i < 300; i++)
        bytes[i] = (char)(i * 7);
    uint32_t whole = visml_crc32(0, bytes, 300);
    for (size_t cut = 0; cut <= 300; cut++)
        assert_int_equal(visml_crc32(visml_crc32(0, bytes, cut), bytes + cut, 300 - cut), whole);
}

static void every_flipped_bit_is_seen(void **state) {
    (void)state;
    unsigned char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37);
    uint32_t whole = visml_crc32(0, bytes, sizeof bytes);
    for (size_t i = 0; i < 8 * sizeof bytes; i++) {
        bytes[i / 8] ^= (unsigned char)(1u << i % 8);
        assert_int_not_equal(visml_crc32(0, bytes, sizeof bytes), whole);
        bytes[i / 8] ^= (unsigned char)(1u << i % 8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_known_answers),
        cmocka_unit_test(is_the_remainder_at_every_length),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(every_flipped_bit_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
