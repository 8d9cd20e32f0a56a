#include "classify/margin_loss.h"

#include <math.h>

static double above(double v) {
    return v > 0 ? v : 0;
}

static double sign(double v) {
    return (v > 0) - (v < 0);
}

double visml_margin_loss(visml_sgd_loss loss, double epsilon, double p, double y) {
    double m = p * y, e = fabs(p - y), over = above(e - epsilon);
    switch (loss) {
    case VISML_SGD_LOG:
        return m > 0 ? log1p(exp(-m)) : log1p(exp(m)) - m;
    case VISML_SGD_MODIFIED_HUBER:
        return m >= -1 ? above(1 - m) * above(1 - m) : -4 * m;
    case VISML_SGD_SQUARED_HINGE:
        return above(1 - m) * above(1 - m);
    case VISML_SGD_PERCEPTRON:
        return above(-m);
    case VISML_SGD_SQUARED_ERROR:
        return e * e / 2;
    case VISML_SGD_HUBER:
        return e <= epsilon ? e * e / 2 : epsilon * e - epsilon * epsilon / 2;
    case VISML_SGD_EPSILON_INSENSITIVE:
        return over;
    case VISML_SGD_SQUARED_EPSILON_INSENSITIVE:
        return over * over;
    default: /* hinge */
        return above(1 - m);
    }
}

double visml_margin_slope(visml_sgd_loss loss, double epsilon, double p, double y) {
    double m = p * y, e = p - y, over = above(fabs(e) - epsilon);
    switch (loss) {
    case VISML_SGD_LOG:
        return -y / (1 + exp(m));
    case VISML_SGD_MODIFIED_HUBER:
        return m >= 1 ? 0 : m >= -1 ? -2 * (1 - m) * y : -4 * y;
    case VISML_SGD_SQUARED_HINGE:
        return -2 * above(1 - m) * y;
    case VISML_SGD_PERCEPTRON:
        return m <= 0 ? -y : 0;
    case VISML_SGD_SQUARED_ERROR:
        return e;
    case VISML_SGD_HUBER:
        return fabs(e) <= epsilon ? e : epsilon * sign(e);
    case VISML_SGD_EPSILON_INSENSITIVE:
        return over > 0 ? sign(e) : 0;
    case VISML_SGD_SQUARED_EPSILON_INSENSITIVE:
        return 2 * over * sign(e);
    default: /* hinge: a margin of just 1 is not enough */
        return m <= 1 ? -y : 0;
    }
}
