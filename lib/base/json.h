/* jansson with errors that name line, column and key, and with a writer of our own. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/memory.h"

/* Parses n bytes; no duplicate keys, no zero bytes in strings, nesting as deep as jansson's bound (2,048). `what` names the
 * source in the message. The caller calls json_decref. Errors: VISML_EFORMAT. */
json_t *visml_json_parse(const char *what, const char *text, size_t n, visml_error *err);

/* The value of a key of the given type. A missing key or another type is VISML_EFORMAT: `what: "key" is missing`, `must be a string`. */
visml_status visml_json_string(const char *what, const json_t *object, const char *key, const char **out, visml_error *err);
visml_status visml_json_int(const char *what, const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out,
                            visml_error *err);
visml_status visml_json_real(const char *what, const json_t *object, const char *key, double *out, visml_error *err);
visml_status visml_json_array(const char *what, const json_t *object, const char *key, const json_t **out, visml_error *err);
visml_status visml_json_object(const char *what, const json_t *object, const char *key, const json_t **out, visml_error *err);

/* Compact text of a value in memory of ours (visml_mem_free), keys in insertion order; reals with as few digits as read back to the same
 * value, a point in every locale. Its end zero is not counted in *n. NULL and VISML_ENOMEM, also for the value NULL. */
char *visml_json_text(visml_memory *m, const json_t *value, size_t *n, visml_error *err);

#endif
