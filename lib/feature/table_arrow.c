/* A table for Arrow's C data interface (https://arrow.apache.org/docs/format/CDataInterface.html): two structs with callbacks that free
 * them. A consumer may move a child out and release its parent first, so each node owns what it needs: its own memory, and a reference to
 * the table where it points into it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "feature/table.h"

#define NULLABLE 2
#define MOST_CHILDREN 4

/* As the interface has them; names are its own. */
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

/* ---- nodes ---- */

typedef struct schema_node {
    visml_context *context; /* one reference */
    char format[32];
    struct ArrowSchema *children[MOST_CHILDREN];
    struct ArrowSchema room[MOST_CHILDREN], dictionary;
} schema_node;

static void release_schema(struct ArrowSchema *s) {
    schema_node *node = s->private_data;
    visml_context *ctx = node->context;
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i]->release)
            s->children[i]->release(s->children[i]);
    if (s->dictionary && s->dictionary->release)
        s->dictionary->release(s->dictionary);
    visml_mem_free(&ctx->memory, node);
    visml_context_release(ctx);
    s->release = NULL;
}

static visml_status make_schema(visml_context *ctx, const char *format, const char *name, int64_t flags, struct ArrowSchema *s,
                                visml_error *err) {
    schema_node *node = visml_mem_zalloc(&ctx->memory, 1, sizeof *node, err);
    if (!node)
        return VISML_ENOMEM;
    node->context = visml_context_retain(ctx);
    snprintf(node->format, sizeof node->format, "%s", format);
    for (int i = 0; i < MOST_CHILDREN; i++)
        node->children[i] = &node->room[i];
    *s = (struct ArrowSchema){.format = node->format, .name = name, .flags = flags, .children = node->children, .release = release_schema,
                              .private_data = node};
    return VISML_OK;
}

/* The place of one more child, which its owner counts once it is made. */
static struct ArrowSchema *schema_child(const struct ArrowSchema *s) {
    return s->children[s->n_children];
}

typedef struct array_node {
    visml_context *context; /* one reference */
    visml_table *table;     /* one reference; NULL: points to nothing in it */
    void *owned[3];
    const void *buffers[3];
    struct ArrowArray *children[MOST_CHILDREN];
    struct ArrowArray room[MOST_CHILDREN], dictionary;
} array_node;

static void release_array(struct ArrowArray *a) {
    array_node *node = a->private_data;
    visml_context *ctx = node->context;
    for (int64_t i = 0; i < a->n_children; i++)
        if (a->children[i]->release)
            a->children[i]->release(a->children[i]);
    if (a->dictionary && a->dictionary->release)
        a->dictionary->release(a->dictionary);
    for (int i = 0; i < 3; i++)
        visml_mem_free(&ctx->memory, node->owned[i]);
    visml_table_free(node->table);
    visml_mem_free(&ctx->memory, node);
    visml_context_release(ctx);
    a->release = NULL;
}

static visml_status make_array(visml_context *ctx, const visml_table *table, int64_t length, int64_t n_buffers, struct ArrowArray *a,
                               visml_error *err) {
    array_node *node = visml_mem_zalloc(&ctx->memory, 1, sizeof *node, err);
    if (!node)
        return VISML_ENOMEM;
    node->context = visml_context_retain(ctx);
    node->table = table ? visml_table_retain(table) : NULL;
    for (int i = 0; i < MOST_CHILDREN; i++)
        node->children[i] = &node->room[i];
    *a = (struct ArrowArray){.length = length, .n_buffers = n_buffers, .buffers = node->buffers, .children = node->children,
                             .release = release_array, .private_data = node};
    return VISML_OK;
}

/* A buffer of the array's own, of zeros. */
static void *make_buffer(struct ArrowArray *a, int i, size_t bytes, visml_error *err) {
    array_node *node = a->private_data;
    node->owned[i] = visml_mem_zalloc(&node->context->memory, bytes + 8, 1, err);
    node->buffers[i] = node->owned[i];
    return node->owned[i];
}

static struct ArrowArray *array_child(const struct ArrowArray *a) {
    return a->children[a->n_children];
}

/* ---- columns of text ---- */

static const char *text_format(const char *const *texts, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!visml_utf8_valid(texts[i], strlen(texts[i])))
            return "z";
    return "u";
}

static visml_status fill_text(struct ArrowArray *a, const char *const *texts, int64_t n, visml_error *err) {
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++)
        bytes += strlen(texts[i]);
    if (bytes > INT32_MAX)
        return visml_fail(err, VISML_ELIMIT, "table: its texts have %zu bytes together, at most 2147483647 fit into an Arrow array", bytes);
    int32_t *offsets = make_buffer(a, 1, (size_t)(n + 1) * sizeof *offsets, err);
    char *to = offsets ? make_buffer(a, 2, bytes, err) : NULL;
    if (!to)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        size_t length = strlen(texts[i]);
        memcpy(to + offsets[i], texts[i], length);
        offsets[i + 1] = offsets[i] + (int32_t)length;
    }
    return VISML_OK;
}

/* ---- the columns: each adds a child to both structs ---- */

typedef struct pair {
    const visml_table *table;
    struct ArrowSchema schema;
    struct ArrowArray array;
} pair;

static visml_status add_column(pair *p, const char *format, const char *name, int64_t flags, const visml_table *table, int64_t n_buffers,
                               struct ArrowSchema **schema, struct ArrowArray **array, visml_error *err) {
    *schema = schema_child(&p->schema);
    *array = array_child(&p->array);
    VISML_TRY(make_schema(p->table->context, format, name, flags, *schema, err));
    p->schema.n_children++;
    VISML_TRY(make_array(p->table->context, table, p->table->count, n_buffers, *array, err));
    p->array.n_children++;
    return VISML_OK;
}

static visml_status add_samples(pair *p, visml_error *err) {
    struct ArrowSchema *s;
    struct ArrowArray *a;
    VISML_TRY(add_column(p, "l", "sample", 0, p->table, 2, &s, &a, err));
    a->buffers[1] = p->table->samples;
    return VISML_OK;
}

static visml_status add_paths(pair *p, visml_error *err) {
    struct ArrowSchema *s;
    struct ArrowArray *a;
    if (!p->table->paths)
        return VISML_OK;
    VISML_TRY(add_column(p, text_format(p->table->paths, p->table->count), "path", 0, NULL, 3, &s, &a, err));
    return fill_text(a, p->table->paths, p->table->count, err);
}

/* Which labels there are: a bit each. */
static visml_status mark_labels(struct ArrowArray *a, const int32_t *labels, visml_error *err) {
    unsigned char *bits = make_buffer(a, 0, (size_t)(a->length + 7) / 8, err);
    if (!bits)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < a->length; i++) {
        if (labels[i] >= 0)
            bits[i / 8] |= (unsigned char)(1u << (i % 8));
        else
            a->null_count++;
    }
    return VISML_OK;
}

static visml_status add_labels(pair *p, visml_error *err) {
    const visml_table *t = p->table;
    struct ArrowSchema *s;
    struct ArrowArray *a;
    VISML_TRY(add_column(p, "i", "label", NULLABLE, t, 2, &s, &a, err));
    a->buffers[1] = t->labels->data;
    VISML_TRY(mark_labels(a, (const int32_t *)(const void *)t->labels->data, err));
    if (!t->classes)
        return VISML_OK;
    schema_node *names = s->private_data;
    array_node *texts = a->private_data;
    VISML_TRY(make_schema(t->context, text_format(t->class_names, (int64_t)t->classes), "", 0, &names->dictionary, err));
    s->dictionary = &names->dictionary;
    VISML_TRY(make_array(t->context, NULL, (int64_t)t->classes, 3, &texts->dictionary, err));
    a->dictionary = &texts->dictionary;
    return fill_text(a->dictionary, t->class_names, (int64_t)t->classes, err);
}

static visml_status add_features(pair *p, visml_error *err) {
    const visml_table *t = p->table;
    struct ArrowSchema *s;
    struct ArrowArray *a;
    char format[32];
    if (t->length > INT32_MAX)
        return visml_fail(err, VISML_ELIMIT, "table: rows have %lld numbers, at most 2147483647 fit into an Arrow list",
                          (long long)t->length);
    snprintf(format, sizeof format, "+w:%lld", (long long)t->length);
    VISML_TRY(add_column(p, format, "features", 0, NULL, 1, &s, &a, err));
    VISML_TRY(make_schema(t->context, "f", "item", 0, schema_child(s), err));
    s->n_children++;
    VISML_TRY(make_array(t->context, t, t->count * t->length, 2, array_child(a), err));
    a->children[a->n_children++]->buffers[1] = t->values->data;
    return VISML_OK;
}

static visml_status fill(pair *p, visml_error *err) {
    VISML_TRY(make_schema(p->table->context, "+s", "", 0, &p->schema, err));
    VISML_TRY(make_array(p->table->context, NULL, p->table->count, 1, &p->array, err));
    VISML_TRY(add_samples(p, err));
    VISML_TRY(add_paths(p, err));
    VISML_TRY(add_labels(p, err));
    return add_features(p, err);
}

visml_status visml_table_export_arrow(const visml_table *table, void *schema, void *array, visml_error *err) {
    pair p = {.table = table};
    if (!table || !schema || !array)
        return visml_fail(err, VISML_EINVAL, "table: %s is NULL", !table ? "table" : !schema ? "schema" : "array");
    visml_status status = fill(&p, err);
    if (status == VISML_OK) {
        memcpy(schema, &p.schema, sizeof p.schema);
        memcpy(array, &p.array, sizeof p.array);
        return VISML_OK;
    }
    if (p.schema.release)
        p.schema.release(&p.schema);
    if (p.array.release)
        p.array.release(&p.array);
    return status;
}
