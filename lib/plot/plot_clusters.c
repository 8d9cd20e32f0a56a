/* Clusters of a table's rows, by their pictures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "feature/kmeans.h"
#include "feature/table.h"
#include "plot/sheet.h"

typedef struct cluster {
    int32_t number;
    int64_t rows;
} cluster;

typedef struct clustering {
    const visml_table *table;
    visml_dataset *dataset;
    visml_kmeans job;
    double *squares;  /* [n] of each row's distance to its center */
    cluster *order;   /* [k] from large to small */
    int64_t *classes; /* [classes + 1] how many rows of a cluster have which; the last: 0 */
} clustering;

static void clear(clustering *c) {
    visml_memory *m = &c->table->context->memory;
    visml_mem_free(m, c->classes);
    visml_mem_free(m, c->order);
    visml_mem_free(m, c->squares);
    visml_mem_free(m, c->job.labels);
    visml_mem_free(m, c->job.centers);
}

static visml_status take_memory(clustering *c, visml_error *err) {
    visml_memory *m = &c->table->context->memory;
    size_t n = (size_t)c->table->count, k = (size_t)c->job.k;
    c->job.centers = visml_mem_zalloc(m, k * (size_t)c->table->length, sizeof *c->job.centers, err);
    c->job.labels = c->job.centers ? visml_mem_zalloc(m, n, sizeof *c->job.labels, err) : NULL;
    c->squares = c->job.labels ? visml_mem_zalloc(m, n, sizeof *c->squares, err) : NULL;
    c->order = c->squares ? visml_mem_zalloc(m, k, sizeof *c->order, err) : NULL;
    c->classes = c->order ? visml_mem_zalloc(m, c->table->classes + 1, sizeof *c->classes, err) : NULL;
    return c->classes ? VISML_OK : VISML_ENOMEM;
}

static void measure(clustering *c) {
    int64_t d = c->table->length;
    for (int64_t i = 0; i < c->table->count; i++) {
        const float *row = (const float *)(const void *)c->table->values->data + i * d, *center = c->job.centers + c->job.labels[i] * d;
        for (int64_t j = 0; j < d; j++)
            c->squares[i] += ((double)row[j] - (double)center[j]) * ((double)row[j] - (double)center[j]);
        c->order[c->job.labels[i]].rows++;
    }
}

/* The largest first, of equals the one with the smaller number. */
static void sort(cluster *order, int32_t k) {
    for (int32_t i = 0; i < k; i++) {
        cluster moved = {i, order[i].rows};
        int32_t to = i;
        for (; to > 0 && order[to - 1].rows < moved.rows; to--)
            order[to] = order[to - 1];
        order[to] = moved;
    }
}

static visml_status find(clustering *c, const visml_plot_sheet_opts *o, visml_error *err) {
    const visml_table *t = c->table;
    visml_compute compute = visml_context_compute(t->context);
    c->job = (visml_kmeans){.x = {t->count, t->length, (const float *)(const void *)t->values->data, t->length, 1},
                            .k = t->count < o->clusters ? t->count : o->clusters, .seed = o->seed ? o->seed : t->context->seed,
                            .max_iterations = 100, .tolerance = 1e-4};
    VISML_TRY(take_memory(c, err));
    VISML_TRY(visml_kmeans_fit(&t->context->memory, &compute, "clusters", &c->job, err));
    measure(c);
    sort(c->order, (int32_t)c->job.k);
    return VISML_OK;
}

/* The row of a cluster that is next behind row `after` by distance, then by number; -1: none. after -1: the first one. */
static int64_t next_row(const clustering *c, int32_t number, int64_t after) {
    int64_t best = -1;
    double last = after < 0 ? -1 : c->squares[after];
    for (int64_t i = 0; i < c->table->count; i++) {
        double square = c->squares[i];
        int behind = square > last || (square == last && i > after);
        if (c->job.labels[i] == number && behind && (best < 0 || square < c->squares[best]))
            best = i;
    }
    return best;
}

/* The class that most rows of a cluster have; -1 without classes. */
static int32_t class_of(const clustering *c, int32_t number) {
    const visml_table *t = c->table;
    int32_t best = -1;
    memset(c->classes, 0, (t->classes + 1) * sizeof *c->classes);
    for (int64_t i = 0; i < c->table->count; i++) {
        int32_t label = visml_label_of(t->labels, i);
        if (c->job.labels[i] == number && label >= 0 && (size_t)label < t->classes)
            c->classes[label]++;
    }
    for (int32_t i = 0; (size_t)i < t->classes; i++)
        if (c->classes[i] > (best < 0 ? 0 : c->classes[best]))
            best = i;
    return best;
}

static void draw_heading(visml_sheet *s, const clustering *c, int32_t place) {
    char text[256];
    const cluster *which = &c->order[place];
    int32_t most = s->plot ? class_of(c, which->number) : -1;
    int n = snprintf(text, sizeof text, "cluster %d: %lld picture%s", (int)place + 1, (long long)which->rows, which->rows == 1 ? "" : "s");
    if (most >= 0)
        snprintf(text + n, sizeof text - (size_t)n, ", %lld %s", (long long)c->classes[most], c->table->class_names[most]);
    visml_sheet_heading(s, text);
}

static visml_status put(visml_sheet *s, const clustering *c, int64_t row, visml_error *err) {
    if (!s->plot)
        return visml_sheet_picture(s, "clusters: picture", NULL, err);
    int64_t sample = c->table->samples[row];
    visml_tensor *image = visml_dataset_read(c->dataset, sample, err);
    if (!image)
        return visml_fail_in(err, err ? err->code : VISML_EINVAL, "clusters: picture %lld", (long long)sample);
    visml_status status = visml_sheet_picture(s, "clusters: picture", image, err);
    visml_tensor_release(image);
    return status;
}

static visml_status walk(visml_sheet *s, const void *user, visml_error *err) {
    const clustering *c = user;
    for (int32_t i = 0; i < c->job.k; i++) {
        if (!c->order[i].rows)
            continue;
        draw_heading(s, c, i);
        int64_t row = -1;
        for (int32_t k = 0; k < s->columns && (row = next_row(c, c->order[i].number, row)) >= 0; k++)
            VISML_TRY(put(s, c, row, err));
    }
    return VISML_OK;
}

static visml_status check(const visml_table *t, const visml_dataset *dataset, visml_error *err) {
    if (!t || !dataset)
        return visml_fail(err, VISML_EINVAL, "clusters: %s is NULL", t ? "dataset" : "table");
    if (t->count < 1 || t->length < 1)
        return visml_fail(err, VISML_EINVAL, "clusters: the table is [%lld, %lld], must have a row at least", (long long)t->count,
                          (long long)t->length);
    return VISML_OK;
}

visml_plot *visml_plot_clusters(const visml_table *table, visml_dataset *dataset, const visml_plot_sheet_opts *opts, visml_error *err) {
    visml_plot_sheet_opts o;
    if (visml_sheet_options("clusters", opts, &o, err) < 0 || check(table, dataset, err) < 0)
        return NULL;
    clustering c = {.table = table, .dataset = dataset};
    visml_plot *p = NULL;
    if (find(&c, &o, err) == VISML_OK)
        p = visml_sheet_plot(table->context, &o, c.order[0].rows, walk, &c, err);
    clear(&c);
    return p;
}
