/* The table that Keras prints for a model: the same columns, widths, wrapping and totals. Where Keras would cut a name that is too long for
 * its column, the column is made wider. */
#include <string.h>

#include "base/text.h"
#include "model/graph.h"

#define COLUMNS 4
#define PAD 2 /* one space on either side */

typedef struct table {
    visml_text text;
    const visml_model *model;
    int columns;            /* 3, or 4 with "Connected to" */
    size_t width[COLUMNS];  /* inner, padding included */
} table;

static const char *const headers[COLUMNS] = {"Layer (type)", "Output Shape", "Param #", "Connected to"};

/* Rows of lines: left end, line, crossing, right end. */
static const char *const top[4] = {"┏", "━", "┳", "┓"};
static const char *const below_header[4] = {"┡", "━", "╇", "┩"};
static const char *const between[4] = {"├", "─", "┼", "┤"};
static const char *const bottom[4] = {"└", "─", "┴", "┘"};

/* ---- text ---- */

static size_t characters(const char *s, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

/* The piece of s that goes on one line: as many words as fit. `next` is where the following line starts. */
static size_t take_line(const char *s, size_t room, size_t *next) {
    size_t end = 0, i = 0;
    for (;;) {
        i += strcspn(s + i, " ");
        if (end && characters(s, i) > room)
            break;
        end = i;
        if (!s[i])
            break;
        i++;
    }
    *next = end + (s[end] == ' ');
    return end;
}

static void add_count(visml_text *t, size_t n) {
    if (n < 1000) {
        visml_text_add(t, "%zu", n);
        return;
    }
    add_count(t, n / 1000); /* 6 levels at most */
    visml_text_add(t, ",%03zu", n % 1000);
}

static void add_bytes(visml_text *t, size_t count) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    double size = (double)count * 4; /* as they are stored: float32 */
    size_t unit = 0;
    for (; size >= 1024 && unit < 5; unit++)
        size /= 1024;
    visml_text_add(t, " (%s %s)\n", visml_fixed(size, 2).s, units[unit]);
}

/* ---- cells ---- */

static size_t layer_params(const visml_node *node) {
    size_t n = 0;
    for (size_t k = 0; node->layer && k < node->layer->param_count; k++)
        n += (size_t)visml_shape_count(&node->layer->params[k].shape);
    return n;
}

static void add_shape(visml_text *t, const visml_shape *shape) {
    visml_text_add(t, "(None");
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] == VISML_ANY)
            visml_text_add(t, ", None");
        else
            visml_text_add(t, ", %lld", (long long)shape->dims[i]);
    }
    visml_text_add(t, ")");
}

static void add_inputs(visml_text *t, const visml_model *m, const visml_node *node) {
    if (!node->input_count)
        visml_text_add(t, "-");
    for (size_t k = 0; k < node->input_count; k++)
        visml_text_add(t, "%s%s[0][0]", k ? ", " : "", visml_node_name(m, (size_t)node->inputs[k]));
}

static void fill_cell(const table *w, size_t node, int column, visml_text *t) {
    const visml_node *n = &w->model->nodes[node];
    if (column == 0)
        visml_text_add(t, "%s (%s)", visml_node_name(w->model, node), n->layer ? n->layer->cls->title : "InputLayer");
    else if (column == 1)
        add_shape(t, &n->shape);
    else if (column == 2)
        add_count(t, layer_params(n));
    else
        add_inputs(t, w->model, n);
}

/* ---- widths ---- */

/* The longest piece that must not be broken: a word, or in the columns of numbers the whole. */
static size_t needed(const char *s, int column) {
    size_t most = 0;
    if (column == 1 || column == 2)
        return characters(s, strlen(s));
    while (*s) {
        size_t next, end = take_line(s, 0, &next), n = characters(s, end);
        most = n > most ? n : most;
        s += next;
    }
    return most;
}

static void widen(table *w, size_t first) {
    for (size_t i = first; i < w->model->node_count; i++)
        for (int c = 0; c < w->columns; c++) {
            visml_text t;
            visml_text_init(&t, w->text.memory);
            fill_cell(w, i, c, &t);
            size_t n = t.data ? needed(t.data, c) + PAD : 0;
            if (t.status < 0)
                w->text.status = t.status;
            w->width[c] = n > w->width[c] ? n : w->width[c];
            visml_text_free(&t);
        }
}

/* ---- lines ---- */

static void add_line(table *w, const char *const parts[4]) {
    for (int c = 0; c < w->columns; c++) {
        visml_text_add(&w->text, "%s", parts[c ? 2 : 0]);
        for (size_t i = 0; i < w->width[c]; i++)
            visml_text_add(&w->text, "%s", parts[1]);
    }
    visml_text_add(&w->text, "%s\n", parts[3]);
}

static void add_piece(table *w, int column, const char *s, size_t bytes) {
    size_t gap = w->width[column] - PAD - characters(s, bytes);
    visml_text_fill(&w->text, ' ', 1 + (column == 2 ? gap : 0));
    visml_text_add_bytes(&w->text, s, bytes);
    visml_text_fill(&w->text, ' ', 1 + (column == 2 ? 0 : gap));
}

/* One row of the table, on as many lines as its longest cell needs. */
static void add_row(table *w, const char *const *cells, const char *border) {
    const char *rest[COLUMNS] = {0};
    int left = 1;
    memcpy(rest, cells, (size_t)w->columns * sizeof *cells);
    while (left && w->text.status == VISML_OK) {
        left = 0;
        for (int c = 0; c < w->columns; c++) {
            size_t next, n = take_line(rest[c], w->width[c] - PAD, &next);
            visml_text_add(&w->text, "%s", border);
            add_piece(w, c, rest[c], n);
            rest[c] += next;
            left |= *rest[c] != '\0';
        }
        visml_text_add(&w->text, "%s\n", border);
    }
}

static void add_node(table *w, size_t node) {
    visml_text t[COLUMNS];
    const char *cells[COLUMNS];
    visml_status status = VISML_OK;
    for (int c = 0; c < w->columns; c++) {
        visml_text_init(&t[c], w->text.memory);
        fill_cell(w, node, c, &t[c]);
        status = t[c].status < 0 ? t[c].status : status;
        cells[c] = t[c].data;
    }
    if (status < 0)
        w->text.status = status;
    else
        add_row(w, cells, "│");
    for (int c = 0; c < w->columns; c++)
        visml_text_free(&t[c]);
}

static void add_totals(table *w) {
    size_t trainable = 0, fixed = 0;
    for (size_t i = 0; i < w->model->param_count; i++)
        *(w->model->params[i].spec->trainable ? &trainable : &fixed) += w->model->params[i].count;
    const char *const names[] = {"Total", "Trainable", "Non-trainable"};
    const size_t counts[] = {trainable + fixed, trainable, fixed};
    for (int i = 0; i < 3; i++) {
        visml_text_add(&w->text, " %s params: ", names[i]);
        add_count(&w->text, counts[i]);
        add_bytes(&w->text, counts[i]);
    }
}

/* ---- the table ---- */

static int is_sequential(const visml_model *m) {
    for (size_t i = 1; i < m->node_count; i++)
        if (m->nodes[i].input_count != 1 || (size_t)m->nodes[i].inputs[0] != i - 1)
            return 0;
    return 1;
}

static void write_table(table *w, int sequential) {
    size_t first = sequential ? 1 : 0; /* as in Keras, the input is a row of a graph's table only */
    visml_text_add(&w->text, "Model: \"%s\"\n", sequential ? "sequential" : "functional");
    widen(w, first);
    add_line(w, top);
    add_row(w, headers, "┃");
    add_line(w, below_header);
    for (size_t i = first; i < w->model->node_count; i++) {
        if (i > first)
            add_line(w, between);
        add_node(w, i);
    }
    add_line(w, bottom);
    add_totals(w);
}

size_t visml_model_summary(const visml_model *m, char *text, size_t capacity) {
    if (text && capacity)
        text[0] = '\0';
    if (!m || !m->built)
        return 0;
    int sequential = is_sequential(m);
    table w = {.model = m, .columns = sequential ? 3 : 4, .width = {33, 24, 15, 0}}; /* Keras' in a terminal of 80 columns */
    if (!sequential)
        memcpy(w.width, (const size_t[COLUMNS]){21, 19, 12, 19}, sizeof w.width);
    visml_text_init(&w.text, &m->context->memory);
    write_table(&w, sequential);
    return visml_text_finish(&w.text, text, capacity);
}
