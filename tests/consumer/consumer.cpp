/* The same program through a C++ compiler. */
#include "consumer.c"
