/* Where training stands, as Keras 3 writes it (keras/src/utils/progbar.py), without colours. */
#include <math.h>

#include "base/options.h"
#include "base/text.h"
#include "visml/train.h"

#define BAR_WIDTH 20
#define LONGEST_LINE 1024 /* bytes; four values of 48 characters and what stands around them are far below */
#define DONE "\xE2\x94\x81" /* U+2501, heavy line */
#define LEFT "\xE2\x94\x80" /* U+2500, light line */

/* Four decimals; small numbers with an exponent. */
static void add_value(visml_text *t, const char *name, double value) {
    visml_number n = fabs(value) > 1e-3 ? visml_fixed(value, 4) : visml_scientific(value, 4);
    visml_text_add(t, " - %s: %s", name, n.s);
}

/* In the order of their names, as Keras sorts them. */
static void add_values(visml_text *t, const visml_progress *p) {
    if (!isnan(p->accuracy))
        add_value(t, "accuracy", p->accuracy);
    add_value(t, "loss", p->loss);
    if (!isnan(p->val_accuracy))
        add_value(t, "val_accuracy", p->val_accuracy);
    if (!isnan(p->val_loss))
        add_value(t, "val_loss", p->val_loss);
}

static double seconds_of(const visml_progress *p) {
    return p->seconds > 0 && p->seconds < 1e15 ? p->seconds : 0;
}

static double seconds_per_step(const visml_progress *p) {
    return p->step > 0 ? seconds_of(p) / (double)p->step : 0;
}

static void add_step_time(visml_text *t, double seconds) {
    if (seconds >= 1 || seconds == 0)
        visml_text_add(t, " %ss/step", visml_fixed(seconds, 0).s);
    else if (seconds >= 1e-3)
        visml_text_add(t, " %sms/step", visml_fixed(seconds * 1e3, 0).s);
    else
        visml_text_add(t, " %sus/step", visml_fixed(seconds * 1e6, 0).s);
}

/* "12s", "3:07", "1:02:03": the time that is left, cut to whole seconds. */
static void add_time_left(visml_text *t, double seconds) {
    long long s = seconds < 1e15 ? (long long)seconds : 0;
    if (seconds > 3600)
        visml_text_add(t, " %lld:%02lld:%02lld", s / 3600, s % 3600 / 60, s % 60);
    else if (seconds > 60)
        visml_text_add(t, " %lld:%02lld", s / 60, s % 60);
    else
        visml_text_add(t, " %llds", s);
}

static int digits_of(int64_t n) {
    int digits = 1;
    while (n /= 10)
        digits++;
    return digits;
}

/* " 469/938 ━━━━━━━━━━──────────" */
static void add_bar(visml_text *t, const visml_progress *p) {
    int64_t step = p->step < 0 ? 0 : p->step;
    if (p->steps <= 0) {
        visml_text_add(t, "%7lld/Unknown", (long long)step);
        return;
    }
    visml_text_add(t, "%*lld/%lld ", digits_of(p->steps), (long long)step, (long long)p->steps);
    int filled = step >= p->steps ? BAR_WIDTH : (int)((double)BAR_WIDTH * ((double)step / (double)p->steps));
    for (int i = 0; i < BAR_WIDTH; i++)
        visml_text_add(t, "%s", i < filled ? DONE : LEFT);
}

/* The end of the line is cleared: what stood there before may have been longer. */
static void add_terminal_line(visml_text *t, const visml_progress *p) {
    visml_text_add(t, "\r");
    add_bar(t, p);
    if (p->steps > 0 && p->step < p->steps)
        add_time_left(t, seconds_per_step(p) * (double)(p->steps - p->step));
    else
        visml_text_add(t, " %ss", visml_fixed(seconds_of(p), 0).s);
    add_step_time(t, seconds_per_step(p));
    add_values(t, p);
    visml_text_add(t, "\x1b[K");
}

static void add_plain_line(visml_text *t, const visml_progress *p) {
    visml_text_add(t, "Epoch %lld/%d - %ss -", (long long)p->epoch + 1, p->epochs, visml_fixed(seconds_of(p), 0).s);
    add_step_time(t, seconds_per_step(p));
    add_values(t, p);
}

size_t visml_progress_text(const visml_progress *progress, int32_t style, char *text, size_t capacity) {
    visml_progress p;
    char line[LONGEST_LINE]; /* there is no context to take memory from */
    visml_text t;
    if (text && capacity)
        text[0] = '\0';
    if (!progress || visml_options_copy("progress", progress, &p, sizeof p, NULL) < 0)
        return 0;
    visml_text_init_fixed(&t, line, sizeof line);
    if (style == 1)
        add_terminal_line(&t, &p);
    else
        add_plain_line(&t, &p);
    return visml_text_finish(&t, text, capacity);
}
