/* visml/base.h - what every other header builds on: status and error, shapes, options, allocator, version.
 *
 * SPDX-License-Identifier: MIT
 *
 * Rules that hold for the whole library, said once:
 *
 * - A call that can fail takes `visml_error *err` last. NULL is allowed. It is written only on failure, never read (visml_model_add and
 *   visml_model_apply say when they do), and belongs to the caller; there is no hidden "last error".
 * - Constructors return the new object, or NULL on failure. Other calls return a visml_status: VISML_OK (0) or a negative code.
 * - On failure, outputs and arguments are as they were before the call, save what the call documents as *consumed*.
 * - `*_new` gives one owner, `*_free` ends it and accepts NULL. Tensors alone are reference counted.
 * - A returned `const` pointer is *borrowed*: it lives as long as the object that it came from.
 * - Sizes of buffers are size_t, dimensions are int64_t. Strings are UTF-8 and end with a zero byte.
 * - The library never prints, exits, aborts or reads the environment, and keeps no state outside the objects that it returns.
 */
#ifndef VISML_BASE_H
#define VISML_BASE_H

#include <stddef.h>
#include <stdint.h>

#define VISML_VERSION_MAJOR 0
#define VISML_VERSION_MINOR 1
#define VISML_VERSION_PATCH 0

#if defined(__GNUC__)
#define VISML_API __attribute__((visibility("default")))
#else
#define VISML_API
#endif

#ifdef __cplusplus
#define VISML_BEGIN_DECLS extern "C" {
#define VISML_END_DECLS }
#else
#define VISML_BEGIN_DECLS
#define VISML_END_DECLS
#endif

VISML_BEGIN_DECLS

/* ---- status ------------------------------------------------------------------------------------------------------------------ */

/* 0 on success, a negative code below on failure. Values never change. */
typedef int32_t visml_status;

#define VISML_OK 0             /* done */
#define VISML_EINVAL (-1)      /* an argument or an option is wrong; the message names it, its value, and what is right */
#define VISML_ENOMEM (-2)      /* an allocation failed, or the context's memory_limit is reached */
#define VISML_EIO (-3)         /* the operating system refused a read or write; the message names the path and the reason */
#define VISML_EFORMAT (-4)     /* a file or a memory block does not hold what it should: damaged, truncated, not of this kind */
#define VISML_ELIMIT (-5)      /* larger than a limit of the context allows */
#define VISML_EUNSUPPORTED (-6) /* well formed, but not something that this build can do */
#define VISML_ECANCELLED (-7)  /* a callback asked to stop */
#define VISML_ENONFINITE (-8)  /* a loss or a result is NaN or infinite */
#define VISML_ESTATE (-9)      /* called at the wrong time: a model not built yet, already built, a loader at its end */
#define VISML_EINTERNAL (-10)  /* a defect of the library itself; please report it */

/* The name of a status, "VISML_EINVAL" say; "unknown" for any other number. Borrowed, never freed. Thread-safety: any thread. */
VISML_API const char *visml_status_name(visml_status status);

/* Why a call failed. Belongs to the caller; `visml_error err = {0}` is a good start. Frozen: 1,024 bytes in every release. */
typedef struct visml_error {
    uint32_t size;       /* ignored on input; sizeof(visml_error) once written */
    visml_status code;   /* what the call returned, or would have */
    char message[1016];  /* one sentence, UTF-8, no newline at its end */
} visml_error;

/* ---- version ----------------------------------------------------------------------------------------------------------------- */

/* The version of the library in use: major * 1000000 + minor * 1000 + patch. Compare with the header's VISML_VERSION_* numbers. */
VISML_API uint32_t visml_version(void);
/* The same as text: "0.1.0". Borrowed, never freed. */
VISML_API const char *visml_version_string(void);

/* ---- shapes ------------------------------------------------------------------------------------------------------------------ */

#define VISML_MAX_RANK 8

/* The extent of an array, outermost dimension first. The batch dimension is part of a tensor's shape but not of a layer's. Frozen. */
typedef struct visml_shape {
    uint32_t size;  /* sizeof(visml_shape), or 0, which means the same */
    int32_t rank;   /* 0 ... VISML_MAX_RANK */
    int64_t dims[VISML_MAX_RANK];
} visml_shape;

/* ---- options ----------------------------------------------------------------------------------------------------------------- */

/* Every options struct starts with `uint32_t size`. A field that is zero means its default; NULL instead of the struct means all defaults.
 * A struct shorter than the library's (an older header) has defaults for the rest; a longer one must hold zeros past the library's end.
 * A field called `reserved` must be 0, else VISML_EINVAL: a later release may give it a meaning.
 *
 *     visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 10, .activation = VISML_SOFTMAX), &err)
 *
 * In C++ before C++20, where designated initialisers are missing:
 *
 *     visml_dense_opts o = VISML_OPTS_INIT(visml_dense_opts);  o.units = 10;  visml_dense(ctx, &o, &err)
 */
#ifndef __cplusplus
#define VISML_OPTS(type, ...) (&(type){.size = (uint32_t)sizeof(type), __VA_ARGS__})
#define VISML_OPTS_INIT(type) {.size = (uint32_t)sizeof(type)}
/* VISML_SHAPE(32, 32, 3): a pointer to a shape that lives until the end of the enclosing block. */
#define VISML_SHAPE(...)                                                                    \
    (&(visml_shape){.size = (uint32_t)sizeof(visml_shape),                                  \
                    .rank = (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),  \
                    .dims = {__VA_ARGS__}})
#endif

/* Real-valued options in which 0 is meaningful but is not the default (a BatchNorm momentum of 0, say) take VISML_ZERO for it. It is
 * 2^-126, the smallest normal float, and is read as exactly 0. Such fields say so in their comment. */
#define VISML_ZERO 1.1754943508222875e-38

/* ---- CPU levels -------------------------------------------------------------------------------------------------------------- */

/* The levels of the SIMD core, for visml_context_opts.cpu_mask and visml_context_cpu(). */
#define VISML_CPU_SSE4 0x1u    /* x86: SSE4.1. No fused multiply-add: results may differ in the last bits from the other levels */
#define VISML_CPU_AVX2 0x2u    /* x86: AVX2 and FMA */
#define VISML_CPU_AVX512 0x4u  /* x86: AVX-512 F, BW, DQ, VL */
#define VISML_CPU_NEON 0x8u    /* AArch64 */
#define VISML_CPU_VNNI 0x10u  /* x86: AVX512_VNNI, products of bytes. Used by quantized networks only, beside VISML_CPU_AVX512 */
#define VISML_CPU_REF 0x80000000u /* as the whole mask: portable C only */

/* ---- activations ------------------------------------------------------------------------------------------------------------- */

typedef int32_t visml_act;
#define VISML_LINEAR 0     /* x */
#define VISML_RELU 1       /* max(x, 0); NaN stays NaN */
#define VISML_LEAKY_RELU 2 /* x, or alpha * x below 0; alpha 0.2 */
#define VISML_SIGMOID 3    /* 1 / (1 + exp(-x)) */
#define VISML_TANH 4
#define VISML_SOFTMAX 5    /* over the last dimension */
#define VISML_RELU6 6      /* min(max(x, 0), 6); NaN stays NaN */
#define VISML_IDENTITY 7   /* x; for options whose default, 0, is another activation (those of visml_lstm) */
/* With Phi for the normal distribution function, Phi(x) = (1 + erf(x / sqrt(2))) / 2. Those from here on are not for visml_lstm. */
#define VISML_GELU 8       /* x Phi(x); Hendrycks and Gimpel 2016 */
#define VISML_GELU_TANH 9  /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: Keras' gelu with approximate=True */
#define VISML_SILU 10      /* x / (1 + exp(-x)) */
#define VISML_SWISH 10     /* another name of it */
#define VISML_ELU 11       /* x, or alpha (exp(x) - 1) below 0; alpha 1; Clevert et al. 2016 */
#define VISML_SELU 12      /* 1.05070098 times ELU with alpha 1.67326324; Klambauer et al. 2017 */
#define VISML_SOFTPLUS 13  /* log(1 + exp(x)) */
#define VISML_SOFTSIGN 14  /* x / (1 + |x|) */
#define VISML_HARD_SIGMOID 15 /* min(max(x + 3, 0), 6) / 6 */
#define VISML_HARD_SILU 16    /* x times that; Howard et al. 2019 */
#define VISML_HARD_SWISH 16   /* another name of it */
#define VISML_EXPONENTIAL 17  /* exp(x) */
#define VISML_MISH 18         /* x tanh(log(1 + exp(x))); Misra 2020 */
#define VISML_LOG_SOFTMAX 19  /* the logarithm of VISML_SOFTMAX */

/* ---- allocator --------------------------------------------------------------------------------------------------------------- */

/* Where a context gets its memory. Both functions may be called from several threads at once and must be thread-safe. Frozen.
 * `alloc` returns at least `bytes` bytes (never 0) at a multiple of `align` (a power of two), or NULL. `free` gets what alloc returned,
 * with the same `bytes`; it is never called with NULL. The decoders (stb_image, libjpeg-turbo, libspng) and jansson are outside of it. */
typedef struct visml_allocator {
    uint32_t size;      /* sizeof(visml_allocator) */
    uint32_t reserved;  /* must be 0 */
    void *user;         /* handed to both functions */
    void *(*alloc)(void *user, size_t bytes, size_t align);
    void (*free)(void *user, void *ptr, size_t bytes);
} visml_allocator;

VISML_END_DECLS

#ifdef __cplusplus
/* What the C macros do with compound literals, for C++. */
namespace visml_detail {
template <class T> inline T opts_init() {
    T o = T();
    o.size = static_cast<uint32_t>(sizeof(T));
    return o;
}
struct shape_holder {
    visml_shape s;
    operator const visml_shape *() const { return &s; }
};
template <class... D> inline shape_holder shape(D... d) {
    shape_holder h = {{static_cast<uint32_t>(sizeof(visml_shape)), static_cast<int32_t>(sizeof...(D)), {static_cast<int64_t>(d)...}}};
    return h;
}
}  // namespace visml_detail
#define VISML_OPTS_INIT(type) (visml_detail::opts_init<type>())
#define VISML_SHAPE(...) (visml_detail::shape(__VA_ARGS__))
#endif

#endif /* VISML_BASE_H */
