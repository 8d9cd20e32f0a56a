/* Cross-entropy, which two losses share. */
#ifndef NN_CROSSENTROPY_H
#define NN_CROSSENTROPY_H

#include "nn/loss.h"

/* The options are a visml_crossentropy_opts. */
void visml_crossentropy_loss(const visml_loss *loss, const visml_loss_pass *pass);

#endif
