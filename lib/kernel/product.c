#include "kernel/product.h"

#include "base/checked.h"
#include "kernel/tiling.h"
#include "visml/base.h"

#define CHUNK 4      /* blocks of VISML_KC added up before they go out: VISML_MAX_MC rows of them lie in a second-level cache */
#define MAX_N 1024   /* columns of the right factor packed at a time */
#define MAX_K 2048   /* and rows: bounds the scratch to 8 MiB */
#define SLICE 32     /* rows packed at a time; divides VISML_KC */
/* The right factor is not packed for so few rows of the left one, ... */
#define FEW_ROWS 256         /* where its rows are whole lines, ... */
#define NEAR_ROWS 1024       /* (or for any number of them, if they lie so near, in elements,) ... */
#define FEW_ROWS_ASTRIDE 112 /* ... where they are not, ... */
#define FEW_ROWS_OF_LINES 24 /* ... where a panel is a line wide, ... */
#define FEW_COLS 1024        /* ... nor the left one for so few columns of the right one; without influence on results */
#define FAR (512 * 1024) /* elements of the result: so many do not stay in a second-level cache */
#define LINE (64 / (int64_t)sizeof(real))

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t blocks_of(int64_t n, int64_t size) {
    return n / size + (n % size != 0);
}

/* One pass: columns col ... col + cols, k0 ... k0 + depth. The right factor is packed as [blocks of VISML_KC][panels of nr][kc][nr]; a
 * whole factor that was packed before has the same order, with all its panels. */
typedef struct pass {
    const visml_compute *compute;
    const visml_product *product;
    visml_blocking b;
    int64_t col, cols, k0, depth;
    int64_t panels;      /* of nr columns */
    visml_cut cut;
    real *right, *left;
    size_t left_size; /* of one worker, in elements */
} pass;

static int64_t block_length(const pass *s, int64_t block) {
    return least(VISML_KC, s->depth - block * VISML_KC);
}

static real *right_panel(const pass *s, int64_t block, int64_t panel) {
    return s->right + (block * VISML_KC * s->panels + panel * block_length(s, block)) * s->b.nr;
}

static const real *packed_panel(const pass *s, int64_t block, int64_t panel) {
    int64_t nr = s->b.nr, panels = blocks_of(s->product->n, nr);
    return s->product->packed + ((s->k0 + block * VISML_KC) * panels + (s->col / nr + panel) * block_length(s, block)) * nr;
}

static int has_more(const visml_product *p, int64_t elements) {
    return p->n > 0 && p->k > elements / p->n;
}

/* Where a row of a panel is one line, rows that lie far apart drive each other out of the first-level cache, and packing pays sooner; a
 * large factor costs more to copy. Loads that lie astride two lines cost most where they come from memory. */
static int64_t few_rows(const pass *s) {
    const visml_product *p = s->product;
    if (s->b.nr <= LINE)
        return has_more(p, FAR) ? 2 * FEW_ROWS_OF_LINES : FEW_ROWS_OF_LINES;
    if (((uintptr_t)p->right_plain | (uintptr_t)p->ld_plain * sizeof(real)) % 64 != 0)
        return has_more(p, 8 * FAR) ? FEW_ROWS_OF_LINES : FEW_ROWS_ASTRIDE;
    return p->ld_plain <= NEAR_ROWS ? p->m : FEW_ROWS;
}

/* A panel that is multiplied where it stands. */
static int is_plain(const pass *s, int64_t panel) {
    return s->product->right_plain && s->product->m <= few_rows(s) && s->cols - panel * s->b.nr >= s->b.nr;
}

/* Rows k ... k + rows of a block. */
static void pack_right(const pass *s, int64_t block, int64_t k, int64_t rows, int64_t panel) {
    const visml_product *p = s->product;
    int64_t nr = s->b.nr, j = panel * nr, cols = least(nr, s->cols - j);
    real *to = right_panel(s, block, panel) + k * nr;
    if (cols < nr) /* nothing undefined may be computed with */
        s->compute->kernels->copy_rows(1, rows * nr, NULL, 0, to, 0);
    p->right(s->compute, p, s->k0 + block * VISML_KC + k, rows, s->col + j, cols, nr, to);
}

/* Some rows across panels: they are read from end to end. */
static void pack_slice(const pass *s, int64_t slice, int64_t panel, int64_t end) {
    int64_t k = slice * SLICE, rows = least(SLICE, s->depth - k);
    for (; panel < end; panel++)
        if (!is_plain(s, panel))
            pack_right(s, k / VISML_KC, k % VISML_KC, rows, panel);
}

/* Tasks are in the order of the panels, so that a worker mostly packs what it multiplies. */
static void pack_slice_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    int64_t slices = blocks_of(s->depth, SLICE), i = (int64_t)task / slices;
    visml_tile t = visml_tile_at(&s->cut, (size_t)(i * s->cut.row_blocks));
    (void)worker;
    pack_slice(s, (int64_t)task % slices, t.panel, t.panel_end);
}

static void pack_panel_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    int64_t blocks = blocks_of(s->depth, VISML_KC), block = (int64_t)task % blocks;
    (void)worker;
    pack_right(s, block, 0, block_length(s, block), (int64_t)task / blocks);
}

/* The few columns behind the last whole panel are packed just before they are multiplied, when the lines that they lie in have been read:
 * so few rows are in one tile. */
static int is_packed_late(const pass *s) {
    const visml_product *p = s->product;
    return p->right_plain && !p->packed && !p->left_cols && p->m <= s->b.wide_rows;
}

static void pack_pass(pass *s, const visml_parallel *parallel) {
    if (is_packed_late(s) || is_plain(s, s->panels - 1)) /* then the others are whole, too */
        return;
    if (s->product->right_plain)
        visml_parallel_run(parallel, (size_t)(s->cut.col_blocks * blocks_of(s->depth, SLICE)), pack_slice_task, s);
    else
        visml_parallel_run(parallel, (size_t)(s->panels * blocks_of(s->depth, VISML_KC)), pack_panel_task, s);
}

/* The columns first ... end of the left factor. */
static void describe_finish(const pass *s, int64_t first, int64_t end, visml_finish *f) {
    const visml_product *p = s->product;
    const visml_epilogue *e = p->epilogue;
    *f = (visml_finish){.c = p->c + s->col, .add = p->accumulate || first > 0, .activation = VISML_LINEAR};
    if (end < p->k || !e)
        return;
    f->bias = e->bias ? e->bias + s->col : NULL;
    f->residual = e->residual ? e->residual + s->col : NULL;
    f->activation = e->activation;
    f->alpha = e->alpha;
    f->scale = e->scale ? e->scale + s->col : NULL;
    f->shift = e->shift ? e->shift + s->col : NULL;
    f->gain = e->gain ? e->gain + s->col : NULL;
}

static const real *right_of(const pass *s, int64_t block, int64_t panel, int64_t *ld) {
    const visml_product *p = s->product;
    *ld = s->b.nr;
    if (p->packed)
        return packed_panel(s, block, panel);
    if (!is_plain(s, panel))
        return right_panel(s, block, panel);
    *ld = p->ld_plain;
    return p->right_plain + (s->k0 + block * VISML_KC) * p->ld_plain + s->col + panel * s->b.nr;
}

/* In elements; also of two arrays. */
static int64_t distance(const real *a, const real *b) {
    return ((intptr_t)b - (intptr_t)a) / (intptr_t)sizeof(real);
}

static const real *from(const real *array, int64_t i) {
    return array ? array + i : NULL;
}

/* The left factor is read where it stands. Rows that far apart would meet in the same places of the first-level cache, which costs more
 * than packing where they are read often. */
static int is_left_plain(const pass *s) {
    const visml_product *p = s->product;
    int64_t apart = p->n <= 128 ? 4096 : 2048;
    return p->left_plain && p->n <= FEW_COLS && p->ld_left * (int64_t)sizeof(real) % apart != 0;
}

/* Some rows of the left factor, some blocks of its columns. */
typedef struct left_rows {
    const real *at;
    int64_t ld, step; /* step: from one block to the next */
    int64_t rows, block, end;
    const int64_t *offset; /* where they go */
} left_rows;

static visml_finish finish_of(const pass *s, const visml_finish *whole, int64_t panel) {
    int64_t nr = s->b.nr, col = panel * nr;
    visml_finish f = *whole;
    f.c += col;
    f.bias = from(f.bias, col);
    f.residual = from(f.residual, col);
    f.scale = from(f.scale, col);
    f.shift = from(f.shift, col);
    f.gain = from(f.gain, col);
    f.cols = (int32_t)least(nr, s->cols - col);
    return f;
}

/* Register blocks' sums while their blocks of k are added up. */
typedef struct tile {
    real sums[VISML_MAX_MR * VISML_MAX_NR];
    int64_t offset[VISML_MAX_MR];
} tile;

/* One register block, which begins `row` rows into the left ones; f says where it goes in the end. coming: the panel after this one is
 * asked for. */
static void multiply_block(const pass *s, const left_rows *left, int64_t panel, int64_t row, int coming, visml_finish *f, tile *t) {
    const visml_kernels *kernels = s->compute->kernels;
    int64_t cols = s->product->left_cols, ld;
    visml_factors x = {.lda = left->ld, .segments = 1};
    visml_finish part = {.c = t->sums, .offset = t->offset, .rows = f->rows, .cols = f->cols, .add = f->add, .activation = VISML_LINEAR};
    part.before = f->c;
    part.before_offset = f->offset;
    for (int64_t block = left->block; block < left->end; block++) {
        x.k = block_length(s, block);
        x.a = left->at + (block - left->block) * left->step + (cols ? row : row * left->ld);
        x.b = right_of(s, block, panel, &x.ldb);
        x.ahead = coming ? distance(x.b, right_of(s, block, panel + 1, &ld)) : 0;
        (cols ? kernels->gemm_cols : kernels->gemm_rows)(&x, block + 1 < left->end ? &part : f);
        f->add = part.add = 1;
        f->before = part.before = t->sums;
        f->before_offset = part.before_offset = t->offset;
    }
}

/* One register block of one block of k: the way of most small products. */
static void multiply_once(const pass *s, const left_rows *left, int64_t panel, int64_t row, int coming, const visml_finish *f) {
    int64_t cols = s->product->left_cols, ld;
    visml_factors x = {.lda = left->ld, .k = block_length(s, left->block), .segments = 1};
    x.a = left->at + (cols ? row : row * left->ld);
    x.b = right_of(s, left->block, panel, &x.ldb);
    x.ahead = coming ? distance(x.b, right_of(s, left->block, panel + 1, &ld)) : 0;
    (cols ? s->compute->kernels->gemm_cols : s->compute->kernels->gemm_rows)(&x, f);
}

/* Asks for the places of the result. */
static void ask(const visml_finish *f) {
    for (int32_t i = 0; i < f->rows; i++)
        for (int64_t j = 0; j < f->cols; j += LINE)
            __builtin_prefetch(f->c + f->offset[i] + j, 1);
}

/* The left rows times one panel, in register blocks of about equal size: a small last one would be slow. */
static void multiply(const pass *s, const visml_finish *whole, const left_rows *left, int64_t panel, int last) {
    int64_t pieces = blocks_of(left->rows, s->b.mr);
    int once = left->end - left->block == 1, far = s->product->n > 0 && s->product->m > FAR / s->product->n;
    visml_finish f = finish_of(s, whole, panel);
    tile t;
    for (int64_t i = 0; !once && i < VISML_MAX_MR; i++)
        t.offset[i] = i * s->b.nr;
    for (int64_t i = 0, done = 0; i < pieces; i++, done += f.rows) {
        int coming = i + 1 == pieces && !last;
        f.rows = (int32_t)((left->rows - done) / (pieces - i));
        f.offset = left->offset + done;
        f.add = whole->add;
        f.before = NULL;
        if (far)
            ask(&f);
        if (once)
            multiply_once(s, left, panel, done, coming, &f);
        else
            multiply_block(s, left, panel, done, coming, &f, &t);
    }
}

static int is_wide(const pass *s, int64_t rows) {
    return rows <= s->b.wide_rows && !s->product->left_cols;
}

/* A few rows times several panels at once, one block: the right factor is read in longer pieces. */
static void multiply_wide(const pass *s, const visml_finish *whole, const left_rows *left, int64_t panel, int64_t panels) {
    visml_factors x = {.a = left->at, .lda = left->ld, .k = block_length(s, left->block), .segments = 1};
    visml_finish f = finish_of(s, whole, panel);
    int64_t ld;
    x.b = right_of(s, left->block, panel, &x.ldb);
    f.rows = (int32_t)left->rows;
    f.offset = left->offset;
    s->compute->kernels->gemm_wide(&x, panels, panels > 1 ? right_of(s, left->block, panel + 1, &ld) - x.b : 0, &f);
}

static void multiply_panels(const pass *s, const visml_finish *f, const left_rows *left, int64_t first, int64_t end) {
    int64_t wide = s->b.wide_panels, whole = least(end, s->cols / s->b.nr), panel = first;
    if (is_wide(s, left->rows))
        for (; panel < whole; panel += least(wide, whole - panel))
            multiply_wide(s, f, left, panel, least(wide, whole - panel));
    if (panel < end && is_packed_late(s))
        pack_right(s, left->block, 0, block_length(s, left->block), panel);
    for (; panel < end; panel++)
        multiply(s, f, left, panel, panel + 1 == end);
}

/* Of one block. */
static size_t left_elements(const visml_blocking *b) {
    size_t rows = (size_t)(b->mc + VISML_MAX_MR) * VISML_LEFT_LD;
    return (rows + 15) & ~(size_t)15;
}

/* Sets where the blocks of `left` are read. */
static void take_left(const pass *s, int64_t row, left_rows *left, real *packed) {
    const visml_product *p = s->product;
    int64_t k = s->k0 + left->block * VISML_KC;
    if (is_left_plain(s)) {
        left->at = p->left_plain + row * p->ld_left + k;
        left->ld = p->ld_left;
        left->step = VISML_KC;
        return;
    }
    left->at = packed;
    left->ld = p->left_cols ? s->b.mc : VISML_LEFT_LD;
    left->step = (int64_t)left_elements(&s->b);
    for (int64_t i = 0; s->depth && i < left->end - left->block; i++)
        p->left(s->compute, p, row, left->rows, k + i * VISML_KC, block_length(s, left->block + i), s->b.mc, packed + i * left->step);
}

static void locate(const visml_product *p, int64_t row, int64_t rows, int64_t *offset) {
    if (p->locate) {
        p->locate(p, row, rows, offset);
        return;
    }
    for (int64_t i = 0; i < rows; i++)
        offset[i] = (row + i) * p->ldc;
}

/* At most mc rows, panels `first` ... `end`, all of the pass' depth. */
static void multiply_rows(const pass *s, int64_t row, int64_t rows, int64_t first, int64_t end, real *packed) {
    int64_t offset[VISML_MAX_MC], blocks = s->depth ? blocks_of(s->depth, VISML_KC) : 1, chunk = is_wide(s, rows) ? 1 : CHUNK;
    locate(s->product, row, rows, offset);
    for (int64_t block = 0; block < blocks; block += chunk) {
        visml_finish f;
        left_rows left = {.rows = rows, .block = block, .end = least(block + chunk, blocks), .offset = offset};
        take_left(s, row, &left, packed);
        describe_finish(s, s->k0 + block * VISML_KC, s->k0 + left.end * VISML_KC, &f);
        multiply_panels(s, &f, &left, first, end);
    }
}

static void multiply_task(void *arg, size_t task, size_t worker) {
    const pass *s = arg;
    visml_tile t = visml_tile_at(&s->cut, task);
    multiply_rows(s, t.row, t.row_end - t.row, t.panel, t.panel_end, s->left + worker * s->left_size);
}

static size_t right_elements(const visml_blocking *b, int64_t n, int64_t k) {
    size_t cols = (size_t)(blocks_of(least(n, MAX_N), b->nr) * b->nr);
    return cols * (size_t)(least(k, MAX_K) + 1);
}

static size_t left_blocks(int64_t k) {
    return k > VISML_KC ? (size_t)least(CHUNK, blocks_of(k, VISML_KC)) : 1;
}

static size_t round_up(size_t elements) {
    return (elements * sizeof(real) + 63) & ~(size_t)63;
}

size_t visml_product_packed_elements(const visml_compute *c, int64_t n, int64_t k) {
    visml_blocking b = c->kernels->gemm_blocking();
    size_t elements;
    if (!visml_size_mul((size_t)(blocks_of(n, b.nr) * b.nr), (size_t)k, &elements))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return elements;
}

void visml_product_pack(const visml_compute *c, const visml_product *p, real *packed) {
    visml_blocking b = c->kernels->gemm_blocking();
    pass s = {.compute = c, .product = p, .b = b, .cols = p->n, .depth = p->k, .panels = blocks_of(p->n, b.nr), .right = packed};
    visml_parallel_run(c->parallel, (size_t)(s.panels * blocks_of(s.depth, VISML_KC)), pack_panel_task, &s);
}

size_t visml_product_scratch(const visml_compute *c, int64_t n, int64_t k) {
    visml_blocking b = c->kernels->gemm_blocking();
    return round_up(right_elements(&b, n, k)) + c->parallel->workers * left_blocks(k) * round_up(left_elements(&b));
}

static pass pass_of(const visml_compute *c, const visml_product *p, const visml_blocking *b, int64_t col, int64_t k0, int64_t max_k) {
    pass s = {.compute = c, .product = p, .b = *b, .col = col, .k0 = k0};
    s.cols = least(MAX_N, p->n - col);
    s.depth = least(max_k, p->k - k0);
    s.panels = blocks_of(s.cols, b->nr);
    return s;
}

void visml_product_run(const visml_compute *c, const visml_product *p, void *scratch) {
    visml_blocking b = c->kernels->gemm_blocking();
    char *left = (char *)scratch + round_up(right_elements(&b, p->n, p->k));
    if (p->m <= 0)
        return;
    for (int64_t col = 0; col < p->n; col += MAX_N)
        for (int64_t k0 = 0; k0 == 0 || k0 < p->k; k0 += MAX_K) {
            pass s = pass_of(c, p, &b, col, k0, MAX_K);
            s.right = scratch;
            s.left = (real *)(void *)left;
            s.left_size = left_blocks(p->k) * left_elements(&b);
            s.cut = visml_cut_product(p->m, b.mr, b.mc, s.panels, c->parallel->workers);
            if (!p->packed)
                pack_pass(&s, c->parallel);
            visml_parallel_run(c->parallel, visml_cut_tiles(&s.cut), multiply_task, &s);
        }
}

size_t visml_product_part_scratch(const visml_compute *c, int64_t n) {
    visml_blocking b = c->kernels->gemm_blocking();
    return round_up(right_elements(&b, n, VISML_KC)) + round_up(left_elements(&b));
}

void visml_product_part(const visml_compute *c, const visml_product *p, int64_t row, int64_t rows, void *scratch) {
    visml_blocking b = c->kernels->gemm_blocking();
    real *left = (real *)(void *)((char *)scratch + round_up(right_elements(&b, p->n, VISML_KC)));
    for (int64_t col = 0; col < p->n; col += MAX_N)
        for (int64_t k0 = 0; k0 == 0 || k0 < p->k; k0 += VISML_KC) {
            pass s = pass_of(c, p, &b, col, k0, VISML_KC);
            s.right = scratch;
            for (int64_t i = 0; i < blocks_of(s.depth, SLICE); i++)
                pack_slice(&s, i, 0, s.panels);
            for (int64_t i = 0; i < rows; i += b.mc)
                multiply_rows(&s, row + i, least(b.mc, rows - i), 0, s.panels, left);
        }
}
