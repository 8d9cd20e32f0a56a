/* Made tests/golden/model/v1.visml, once, with the first release that wrote format version 1. The file is never made again: that it still
 * loads is what test_model_file.c is about. The weights are those of residual.f32 (make_model_goldens.py).
 *
 *     cc -Iinclude -Ilib -Itests tests/golden/make_model_v1.c BUILD/tests/support/libsupport.a BUILD/lib/libvisml.a -lcmocka ... */
#include <stdio.h>

#include "model/networks.h"

int main(void) {
    static float values[100000];
    const char *const classes[] = {"one", "two", "three"};
    visml_error err = {0};
    visml_context *ctx = visml_context_new(NULL, &err);
    visml_model *m = residual(ctx, 0.5, &err);
    FILE *f = fopen("tests/golden/model/residual.f32", "rb");
    if (!f || !fread(values, 1, sizeof values, f) || visml_model_build(m, 1, &err) < 0)
        return 1;
    const float *next = values;
    for (size_t i = 0; i < m->param_count; next += m->params[i++].count)
        memcpy(m->values + m->params[i].offset, next, m->params[i].count * sizeof(float));
    visml_model_set_classes(m, classes, 3, &err);
    visml_model_set_attribute(m, "color", "rgb", &err);
    visml_status status = visml_model_save(m, "tests/golden/model/v1.visml", &err);
    puts(err.message);
    visml_model_free(m);
    visml_context_free(ctx);
    return status < 0;
}
