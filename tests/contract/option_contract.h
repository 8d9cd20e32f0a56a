/* The contract of options, for every family whose classes describe theirs by fields. */
#ifndef CONTRACT_OPTION_CONTRACT_H
#define CONTRACT_OPTION_CONTRACT_H

#include "base/options.h"
#include "support/support.h"

/* How one class is made; the contract is over the options alone. */
typedef struct test_options {
    const char *name; /* what messages start with */
    const visml_field *fields;
    size_t size;
    const void *valid; /* options that are accepted, of `size` bytes; NULL: all defaults */
    /* An object made with these options, or NULL. */
    void *(*make)(const struct test_options *self, visml_context *ctx, const void *opts, visml_error *err);
    const void *(*options)(const void *object); /* as the object holds them */
    void (*free)(void *object);
    const void *cls;
    visml_context *context;
} test_options;

/* NULL, shorter at every length, longer with zeros and with something in its tail, no context. */
void test_options_sizes(const test_options *t);
/* Each field below, at and above its range; NaN. */
void test_options_ranges(const test_options *t);
/* The n-th allocation fails, for all n: VISML_ENOMEM, nothing leaks. */
void test_options_allocations(const test_options *t);

/* The n-th allocation of jansson fails, for all n: to_json gives NULL, nothing leaks. */
typedef json_t *test_to_json(const void *object);
void test_json_allocations(test_to_json *to_json, const void *object);

#endif
