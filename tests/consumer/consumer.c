/* A program outside of the tree, as one who links the library writes it: C99 and C++11. Makes, builds, saves and loads a small model, and
 * says the version. */
#include <stdio.h>
#include <string.h>
#include <visml/visml.h>

int main(void) {
    visml_error err;
    memset(&err, 0, sizeof err);
    visml_context *ctx = visml_context_new(NULL, &err);
    visml_model *model = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    visml_dense_opts dense = VISML_OPTS_INIT(visml_dense_opts);
    dense.units = 2;
    dense.activation = VISML_SOFTMAX;
    visml_model_add(model, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(model, visml_dense(ctx, &dense, &err), &err);
    visml_tensor *file = NULL;
    visml_model *copy = NULL;
    if (visml_model_build(model, 1, &err) == VISML_OK && (file = visml_model_save_memory(model, &err)) != NULL)
        copy = visml_model_load_memory(ctx, visml_tensor_data(file), (size_t)visml_tensor_count(file), &err);
    if (copy)
        printf("visml %s, %d parameter arrays\n", visml_version_string(), (int)visml_model_param_count(copy));
    else
        printf("failed: %s\n", err.message);
    int failed = copy == NULL;
    visml_model_free(copy);
    visml_tensor_release(file);
    visml_model_free(model);
    visml_context_free(ctx);
    return failed;
}
