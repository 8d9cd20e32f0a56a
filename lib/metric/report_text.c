/* A report as text, in the layout of scikit-learn's classification_report. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "metric/report.h"

#define DECIMALS 2
#define COLUMN 9 /* characters of a number's column */

/* Characters, not bytes. */
static size_t length_of(const char *s) {
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

typedef struct label {
    char number[24];
} label;

static const char *name_of(const char *const *names, size_t i, label *l) {
    snprintf(l->number, sizeof l->number, "%zu", i);
    return names && names[i] ? names[i] : l->number;
}

static size_t widest_name(const visml_report *r, const char *const *names, size_t at_least) {
    size_t width = at_least;
    label l;
    for (size_t c = 0; c < r->classes; c++) {
        size_t n = length_of(name_of(names, c, &l));
        width = n > width ? n : width;
    }
    return width;
}

static void add_right(visml_text *t, const char *s, size_t width) {
    size_t n = length_of(s);
    visml_text_fill(t, ' ', n < width ? width - n : 0);
    visml_text_add_bytes(t, s, strlen(s));
}

/* A count; with weights a real number in the form that Python prints. */
static visml_number count_text(const visml_report *r, double value) {
    visml_number n = r->weighted ? visml_shortest(value) : visml_fixed(value, 0);
    if (r->weighted && strspn(n.s, "0123456789") == strlen(n.s) && strlen(n.s) + 3 < sizeof n.s)
        memcpy(n.s + strlen(n.s), ".0", 3);
    return n;
}

static void add_row(visml_text *t, const visml_report *r, const char *name, size_t width, const double values[3], double support) {
    add_right(t, name, width);
    visml_text_fill(t, ' ', 1);
    for (int i = 0; i < 3; i++) {
        visml_text_fill(t, ' ', 1);
        add_right(t, values ? isnan(values[i]) ? "" : visml_fixed(values[i], DECIMALS).s : "", COLUMN);
    }
    visml_text_fill(t, ' ', 1);
    add_right(t, count_text(r, support).s, COLUMN);
    visml_text_fill(t, '\n', 1);
}

static void add_head(visml_text *t, size_t width) {
    static const char *const heads[] = {"precision", "recall", "f1-score", "support"};
    visml_text_fill(t, ' ', width + 1);
    for (int i = 0; i < 4; i++) {
        visml_text_fill(t, ' ', 1);
        add_right(t, heads[i], COLUMN);
    }
    visml_text_add_bytes(t, "\n\n", 2);
}

/* Precision, recall and F1 of a class times a factor are added to the sums. */
static void accumulate(const visml_report *r, size_t c, double factor, double sums[3]) {
    sums[0] += factor * visml_report_precision(r, c);
    sums[1] += factor * visml_report_recall(r, c);
    sums[2] += factor * visml_report_f1(r, c);
}

static void add_table(visml_text *t, const visml_report *r, const char *const *names) {
    size_t width = widest_name(r, names, strlen("weighted avg"));
    double macro[3] = {0}, mean[3] = {0};
    label l;
    add_head(t, width);
    for (size_t c = 0; c < r->classes; c++) {
        double values[3] = {0};
        accumulate(r, c, 1, values);
        accumulate(r, c, 1, macro);
        accumulate(r, c, r->support[c], mean);
        add_row(t, r, name_of(names, c, &l), width, values, r->support[c]);
    }
    for (int i = 0; i < 3; i++) { /* sums divided once, as NumPy's average, so that both round alike */
        macro[i] /= (double)r->classes;
        mean[i] = r->weight > 0 ? mean[i] / r->weight : 0;
    }
    visml_text_fill(t, '\n', 1);
    add_row(t, r, "accuracy", width, (const double[]){NAN, NAN, r->weight > 0 ? visml_report_accuracy(r) : 0}, r->weight);
    add_row(t, r, "macro avg", width, macro, r->weight);
    add_row(t, r, "weighted avg", width, mean, r->weight);
}

/* Rows are what the images are, columns what they were taken for. */
static void add_confusion(visml_text *t, const visml_report *r, const char *const *names) {
    size_t width = widest_name(r, names, 0), column = 1;
    label l;
    for (size_t i = 0; i < r->classes * r->classes; i++) {
        size_t n = strlen(count_text(r, r->confusion[i]).s);
        column = n > column ? n : column;
    }
    visml_text_add(t, "\nconfusion matrix (rows: actual, columns: predicted, in the same order)\n\n");
    for (size_t a = 0; a < r->classes; a++) {
        add_right(t, name_of(names, a, &l), width);
        for (size_t p = 0; p < r->classes; p++) {
            visml_text_fill(t, ' ', 2);
            add_right(t, count_text(r, r->confusion[a * r->classes + p]).s, column);
        }
        visml_text_fill(t, '\n', 1);
    }
}

size_t visml_report_text(const visml_report *r, const char *const *names, char *text, size_t capacity) {
    visml_text t;
    if (!r) {
        if (text && capacity)
            text[0] = '\0';
        return 0;
    }
    visml_text_init(&t, &r->context->memory);
    add_table(&t, r, names);
    add_confusion(&t, r, names);
    return visml_text_finish(&t, text, capacity);
}
