/* Tables as files: NumPy's, and CSV. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "feature/table.h"

static visml_status check(const visml_table *t, const char *path, visml_error *err) {
    if (!t || !path)
        return visml_fail(err, VISML_EINVAL, "table: %s is NULL", t ? "path" : "table");
    return VISML_OK;
}

/* ---- .npy: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0 ---- */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

#define NPY_START 10    /* magic, version, length of the header */
#define NPY_MULTIPLE 64 /* where numbers begin */

/* The header with what is before it, filled up with blanks and ended by a newline. */
static void npy_head(visml_text *head, const visml_tensor *x) {
    char bytes[NPY_START] = "\x93NUMPY\x01";
    visml_text_add(head, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,", x->dtype == VISML_F32 ? "<f4" : "<i4",
                   (long long)x->shape.dims[0]);
    if (x->shape.rank == 2)
        visml_text_add(head, " %lld", (long long)x->shape.dims[1]);
    visml_text_add(head, "), }");
    size_t used = NPY_START + head->length + 1, all = (used + NPY_MULTIPLE - 1) / NPY_MULTIPLE * NPY_MULTIPLE;
    visml_text_fill(head, ' ', all - used);
    visml_text_add(head, "\n");
    if (head->status < 0)
        return;
    bytes[8] = (char)(head->length & 255);
    bytes[9] = (char)(head->length >> 8);
    char *room = head->data;
    memmove(room + NPY_START, room, head->length);
    memcpy(room, bytes, NPY_START);
    head->length += NPY_START;
}

static visml_status save_npy(visml_memory *m, const visml_tensor *x, const char *path, visml_error *err) {
    char buffer[256];
    visml_text head;
    visml_file_writer w;
    visml_text_init_fixed(&head, buffer, sizeof buffer - NPY_START);
    npy_head(&head, x);
    VISML_TRY(visml_file_begin(&w, m, path, err));
    if (visml_file_write(&w, buffer, head.length, err) == VISML_OK &&
        visml_file_write(&w, x->data, (size_t)x->count * visml_dtype_bytes(x->dtype), err) == VISML_OK)
        return visml_file_commit(&w, err);
    visml_status status = w.status;
    visml_file_abandon(&w);
    return status;
}

visml_status visml_table_save_npy(const visml_table *table, const char *path, const char *labels_path, visml_error *err) {
    VISML_TRY(check(table, path, err));
    VISML_TRY(save_npy(&table->context->memory, table->values, path, err));
    return labels_path ? save_npy(&table->context->memory, table->labels, labels_path, err) : VISML_OK;
}

/* ---- CSV ---- */

/* In quotes where it must be: with a comma, a quote or an end of line in it. Quotes are doubled. */
static void add_field(visml_text *t, const char *s) {
    if (!strpbrk(s, ",\"\r\n")) {
        visml_text_add_bytes(t, s, strlen(s));
        return;
    }
    visml_text_add(t, "\"");
    for (size_t n; *s; s += n) {
        n = strcspn(s, "\"");
        visml_text_add_bytes(t, s, n);
        if (s[n] == '"') {
            visml_text_add(t, "\"\"");
            n++;
        }
    }
    visml_text_add(t, "\"");
}

static void add_header(visml_text *t, const visml_table *table) {
    visml_text_add(t, "sample%s,label", table->paths ? ",path" : "");
    for (int64_t j = 0; j < table->length; j++)
        visml_text_add(t, ",f%lld", (long long)j);
    visml_text_add(t, "\r\n");
}

static void add_label(visml_text *t, const visml_table *table, int32_t label) {
    if (label >= 0 && (size_t)label < table->classes)
        add_field(t, table->class_names[label]);
    else if (label >= 0)
        visml_text_add(t, "%d", (int)label);
}

static void add_row(visml_text *t, const visml_table *table, int64_t i) {
    const float *x = (const float *)(const void *)table->values->data + i * table->length;
    visml_text_add(t, "%lld,", (long long)table->samples[i]);
    if (table->paths) {
        add_field(t, table->paths[i]);
        visml_text_add(t, ",");
    }
    add_label(t, table, ((const int32_t *)(const void *)table->labels->data)[i]);
    for (int64_t j = 0; j < table->length; j++) {
        visml_number n = visml_shortest_float(x[j]);
        visml_text_add_bytes(t, ",", 1);
        visml_text_add_bytes(t, n.s, strlen(n.s));
    }
    visml_text_add(t, "\r\n");
}

/* Line -1 is the header. Text is kept from line to line, so that it grows no more. */
static visml_status write_lines(visml_file_writer *w, const visml_table *table, visml_error *err) {
    visml_text t;
    visml_status status = VISML_OK;
    visml_text_init(&t, &table->context->memory);
    for (int64_t i = -1; i < table->count && status == VISML_OK; i++) {
        t.length = 0;
        if (i < 0)
            add_header(&t, table);
        else
            add_row(&t, table, i);
        status = t.status < 0 ? visml_fail(err, t.status, "table: out of memory") : visml_file_write(w, t.data, t.length, err);
    }
    visml_text_free(&t);
    return status;
}

visml_status visml_table_save_csv(const visml_table *table, const char *path, visml_error *err) {
    visml_file_writer w;
    VISML_TRY(check(table, path, err));
    VISML_TRY(visml_file_begin(&w, &table->context->memory, path, err));
    visml_status status = write_lines(&w, table, err);
    if (status == VISML_OK)
        return visml_file_commit(&w, err);
    visml_file_abandon(&w);
    return status;
}
