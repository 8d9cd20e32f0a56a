/* visml/visml.h - all public headers of libvisml, and nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_VISML_H
#define VISML_VISML_H

#include "base.h"
#include "context.h"
#include "tensor.h"
#include "image.h"
#include "nn.h"
#include "data.h"
#include "model.h"
#include "feature.h"
#include "plot.h"
#include "metric.h"
#include "train.h"
#include "classify.h"
#include "pipeline.h"

#endif /* VISML_VISML_H */
