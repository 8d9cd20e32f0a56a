#include "visml/base.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

uint32_t visml_version(void) {
    return VISML_VERSION_MAJOR * 1000000u + VISML_VERSION_MINOR * 1000u + VISML_VERSION_PATCH;
}

const char *visml_version_string(void) {
    return TEXT(VISML_VERSION_MAJOR) "." TEXT(VISML_VERSION_MINOR) "." TEXT(VISML_VERSION_PATCH);
}

const char *visml_status_name(visml_status status) {
    static const char *const names[] = {"VISML_OK",           "VISML_EINVAL",    "VISML_ENOMEM",     "VISML_EIO",
                                        "VISML_EFORMAT",      "VISML_ELIMIT",    "VISML_EUNSUPPORTED", "VISML_ECANCELLED",
                                        "VISML_ENONFINITE",   "VISML_ESTATE",    "VISML_EINTERNAL"};
    if (status > 0 || status < VISML_EINTERNAL)
        return "unknown";
    return names[-status];
}
