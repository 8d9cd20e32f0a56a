/* Losses of one number p that should be y: 1 or -1, or a target. */
#ifndef CLASSIFY_MARGIN_LOSS_H
#define CLASSIFY_MARGIN_LOSS_H

#include "visml/classify.h"

double visml_margin_loss(visml_sgd_loss loss, double epsilon, double p, double y);
/* Its derivative by p, and 0 or either side's where there is none, as in scikit-learn. */
double visml_margin_slope(visml_sgd_loss loss, double epsilon, double p, double y);

#endif
