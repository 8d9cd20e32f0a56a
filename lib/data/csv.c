/* CSV files as in RFC 4180: a header line, fields in quotes where they hold commas, quotes or line ends. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/files.h"

/* ---- reading fields ---- */

typedef struct reader {
    const char *path;
    char *at, *end;    /* the rest of the file; quoted fields are unquoted in place */
    int64_t line;      /* of `at`, from 1 */
    int64_t row_line;  /* where the row at hand begins */
    int32_t row_ended; /* the field before was the last of its row */
} reader;

typedef struct field {
    char *text; /* not ended with a zero */
    size_t n;
} field;

static visml_status bad(const reader *r, int64_t line, size_t column, const char *what, visml_error *err) {
    return visml_fail(err, VISML_EFORMAT, "%s: line %lld, column %zu: %s", r->path, (long long)line, column + 1, what);
}

/* Line ends are LF, CR LF or CR. */
static void pass_line_end(reader *r) {
    if (*r->at++ == '\r' && r->at < r->end && *r->at == '\n')
        r->at++;
    r->line++;
}

static void pass_separator(reader *r) {
    r->row_ended = r->at == r->end || *r->at != ',';
    if (r->at < r->end && *r->at == ',')
        r->at++;
    else if (r->at < r->end)
        pass_line_end(r);
}

static int ends_field(const reader *r) {
    return r->at == r->end || *r->at == ',' || *r->at == '\n' || *r->at == '\r';
}

static visml_status read_quoted(reader *r, size_t column, field *f, visml_error *err) {
    int64_t begin = r->line;
    char *to = f->text = ++r->at;
    for (;;) {
        if (r->at == r->end)
            return bad(r, begin, column, "the quote that begins here is never closed", err);
        if (*r->at == '"') {
            r->at++;
            if (r->at == r->end || *r->at != '"')
                break;
        }
        r->line += *r->at == '\n' || (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] != '\n'));
        *to++ = *r->at++;
    }
    f->n = (size_t)(to - f->text);
    if (!ends_field(r))
        return bad(r, r->line, column, "there is text behind the closing quote; a quote within quotes is written twice", err);
    return VISML_OK;
}

static visml_status read_plain(reader *r, size_t column, field *f, visml_error *err) {
    f->text = r->at;
    for (; !ends_field(r); r->at++)
        if (*r->at == '"')
            return bad(r, r->line, column, "a quote within a field; the whole field must be in quotes and the quote written twice", err);
    f->n = (size_t)(r->at - f->text);
    return VISML_OK;
}

static visml_status read_field(reader *r, size_t column, field *f, visml_error *err) {
    if (r->at < r->end && *r->at == '"')
        VISML_TRY(read_quoted(r, column, f, err));
    else
        VISML_TRY(read_plain(r, column, f, err));
    pass_separator(r);
    return VISML_OK;
}

/* Empty lines are passed over. 0 at the end of the file. */
static int next_row(reader *r) {
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r'))
        pass_line_end(r);
    r->row_line = r->line;
    return r->at < r->end;
}

/* ---- the table ---- */

typedef struct table {
    reader in;
    visml_files_source *files;
    visml_intern header; /* the column names, by column */
    visml_intern labels;
    field *row; /* [header.count] */
    size_t path_column, label_column;
} table;

static visml_status read_header(table *t, visml_error *err) {
    reader *r = &t->in;
    field f;
    if (!next_row(r))
        return visml_fail(err, VISML_EFORMAT, "%s: is empty, must have a header line with \"path\" and \"label\"", r->path);
    do {
        size_t column = t->header.count, id;
        VISML_TRY(read_field(r, column, &f, err));
        VISML_TRY(visml_intern_add(&t->header, f.text, f.n, &id, err));
        if (id != column)
            return visml_fail(err, VISML_EFORMAT, "%s: line %lld: columns %zu and %zu are both called \"%s\"", r->path,
                              (long long)r->row_line, id + 1, column + 1, t->header.strings[id]);
    } while (!r->row_ended);
    return VISML_OK;
}

static visml_status missing(const table *t, const char *name, visml_error *err) {
    visml_text found;
    visml_text_init(&found, t->header.arena.memory);
    for (size_t c = 0; c < t->header.count; c++)
        visml_text_add(&found, "%s%s", c ? ", " : "", t->header.strings[c]);
    visml_fail(err, VISML_EFORMAT, "%s: line %lld: there is no column \"%s\"; found: %s", t->in.path, (long long)t->in.row_line, name,
               found.data ? found.data : "");
    visml_text_free(&found);
    return VISML_EFORMAT;
}

static visml_status find_column(const table *t, const char *name, size_t *column, visml_error *err) {
    for (size_t c = 0; c < t->header.count; c++)
        if (strcmp(t->header.strings[c], name) == 0) {
            *column = c;
            return VISML_OK;
        }
    return missing(t, name, err);
}

static int is_group(const table *t, size_t column) {
    return column != t->path_column && column != t->label_column;
}

/* All columns but path and label are kept for splits. */
static visml_status make_columns(table *t, visml_error *err) {
    for (size_t c = 0; c < t->header.count; c++)
        if (is_group(t, c))
            VISML_TRY(visml_files_source_add_column(t->files, t->header.strings[c], err));
    return VISML_OK;
}

/* ---- rows ---- */

static visml_status read_row(table *t, visml_error *err) {
    reader *r = &t->in;
    size_t columns = t->header.count;
    for (size_t c = 0; c < columns; c++) {
        VISML_TRY(read_field(r, c, &t->row[c], err));
        if (r->row_ended && c + 1 < columns)
            return visml_fail(err, VISML_EFORMAT, "%s: line %lld has %zu fields, the header has %zu", r->path, (long long)r->row_line,
                              c + 1, columns);
    }
    if (!r->row_ended)
        return visml_fail(err, VISML_EFORMAT, "%s: line %lld has more than the %zu fields of the header", r->path, (long long)r->row_line,
                          columns);
    return VISML_OK;
}

static visml_status add_groups(table *t, size_t row, visml_error *err) {
    for (size_t c = 0, k = 0; c < t->header.count; c++)
        if (is_group(t, c))
            VISML_TRY(visml_files_source_set_group(t->files, k++, row, t->row[c].text, t->row[c].n, err));
    return VISML_OK;
}

static visml_status add_row(table *t, visml_error *err) {
    const field *path = &t->row[t->path_column], *label = &t->row[t->label_column];
    size_t id;
    if (!path->n)
        return bad(&t->in, t->in.row_line, t->path_column, "the path is empty", err);
    if (!label->n)
        return bad(&t->in, t->in.row_line, t->label_column, "the label is empty", err);
    VISML_TRY(visml_intern_add(&t->labels, label->text, label->n, &id, err));
    if (id >= INT32_MAX)
        return bad(&t->in, t->in.row_line, t->label_column, "more classes than 2147483647", err);
    VISML_TRY(add_groups(t, (size_t)t->files->base.count, err));
    return visml_files_source_add(t->files, t->in.path, visml_path_folder(t->in.path), path->text, path->n, (int32_t)id, err);
}

static visml_status read_table(table *t, visml_error *err) {
    visml_memory *m = &t->files->base.context->memory;
    VISML_TRY(read_header(t, err));
    VISML_TRY(find_column(t, "path", &t->path_column, err));
    VISML_TRY(find_column(t, "label", &t->label_column, err));
    VISML_TRY(make_columns(t, err));
    t->row = visml_mem_zalloc(m, t->header.count, sizeof *t->row, err);
    if (!t->row)
        return VISML_ENOMEM;
    while (next_row(&t->in)) {
        VISML_TRY(read_row(t, err));
        VISML_TRY(add_row(t, err));
    }
    if (!t->files->base.count)
        return visml_fail(err, VISML_EFORMAT, "%s: has a header line, but no rows", t->in.path);
    return visml_files_source_sort_classes(t->files, &t->labels, err);
}

/* ---- the file ---- */

/* UTF-8 without zero bytes; a byte order mark is passed over. */
static visml_status check_text(const char *path, const unsigned char *bytes, size_t n, size_t *begin, visml_error *err) {
    int64_t line = 1;
    *begin = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (n >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        return visml_fail(err, VISML_EFORMAT, "%s: is UTF-16; save it as UTF-8", path);
    for (size_t i = 0, from = 0; i <= n; i++) { /* line by line, to name the place */
        if (i < n && bytes[i] == 0)
            return visml_fail(err, VISML_EFORMAT, "%s: line %lld holds a zero byte; this is no text", path, (long long)line);
        if (i < n && bytes[i] != '\n')
            continue;
        if (!visml_utf8_valid((const char *)bytes + from, i - from))
            return visml_fail(err, VISML_EFORMAT, "%s: line %lld is not UTF-8; save the file as UTF-8", path, (long long)line);
        from = i + 1;
        line++;
    }
    return VISML_OK;
}

static visml_status fill(visml_files_source *f, const char *path, visml_error *err) {
    visml_context *ctx = f->base.context;
    unsigned char *bytes;
    size_t n, begin;
    VISML_TRY(visml_file_read(&ctx->memory, path, ctx->max_file_bytes, &bytes, &n, err));
    visml_status status = check_text(path, bytes, n, &begin, err);
    if (status == VISML_OK) {
        char *text = (char *)bytes;
        table t = {.in = {.path = path, .at = text + begin, .end = text + n, .line = 1}, .files = f};
        visml_intern_init(&t.header, &ctx->memory);
        visml_intern_init(&t.labels, &ctx->memory);
        status = read_table(&t, err);
        visml_mem_free(&ctx->memory, t.row);
        visml_intern_free(&t.labels);
        visml_intern_free(&t.header);
    }
    visml_mem_free(&ctx->memory, bytes);
    return status;
}

visml_dataset *visml_dataset_from_csv(visml_context *ctx, const char *path, const visml_source_opts *opts, visml_error *err) {
    if (!ctx || !path) {
        visml_fail(err, VISML_EINVAL, "csv: %s is NULL", ctx ? "path" : "ctx");
        return NULL;
    }
    visml_files_source *f = visml_files_source_new(ctx, "csv", path, opts, err);
    if (f && fill(f, path, err) < 0) {
        visml_source_release(&f->base);
        return NULL;
    }
    return f ? visml_dataset_over(&f->base, err) : NULL;
}
