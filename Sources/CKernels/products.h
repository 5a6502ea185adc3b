// Matrix products. A tile of C, TILE_ROWS rows by two vectors, stays in registers while the inner
// extent runs by; small products read A and B where they lie, large ones from packed panels.
#define TILE_COLUMNS (2 * LANES)
// What is packed at once: a panel of B stays in the first cache, a block of A in the second.
#define BLOCK_INNER 256L
#define BLOCK_ROWS (IS_DOUBLE ? 96L : 144L)
#define BLOCK_COLUMNS 2048L

/// Where a tile's last vector is cut off: nowhere; where it is stored; where it is loaded as well.
enum { F(whole_tile), F(cut_store), F(cut_load) };

/// One tile: `rows` × `vectors`, known where this is compiled. A and B lie in panels where `packed`.
INLINE void F(tile)(
    const int rows, const int vectors, const int cut, const int packed, long inner, const REAL *a,
    long a_row, long a_column, const REAL *b, long b_row, REAL *c, long c_row, int accumulates,
    long last) {
  V sum[TILE_ROWS][2];
  const REAL *row[TILE_ROWS];
  I mask = F(first_lanes)(last);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    sum[i][0] = sum[i][1] = (V){};
    row[i] = packed ? a + i : a + i * a_row;
    // Hides that the pointers are related: the compiler would add strides one after the other in
    // the inner loop, and that chain would take longer than the products.
    if (!packed) __asm__("" : "+r"(row[i]));
  }
  for (long p = 0; p < inner; p++) {
    V right[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      right[j] = cut == F(cut_load) && j == vectors - 1
                     ? F(load_lanes)(b + j * LANES, mask, last)
                     : F(load)(b + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V left = F(splat)(row[i][packed ? p * TILE_ROWS : p * a_column]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sum[i][j] = left * right[j] + sum[i][j];
    }
    b += packed ? TILE_COLUMNS : b_row;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
      REAL *target = c + i * c_row + j * LANES;
      if (cut != F(whole_tile) && j == vectors - 1) {
        V old = accumulates ? F(load_lanes)(target, mask, last) : (V){};
        F(store_part)(target, sum[i][j] + old, last);
      } else {
        F(store)(target, accumulates ? F(load)(target) + sum[i][j] : sum[i][j]);
      }
    }
}

#define TILE_CASE(r)                                                                       \
  case r:                                                                                  \
    F(tile)(                                                                               \
        r, vectors, cut, 1, inner, a + row * inner, 1, TILE_ROWS, b, TILE_COLUMNS,         \
        c + row * c_row, c_row, accumulates, last);                                        \
    break;

/// A column of tiles from panels, at most two vectors wide.
INLINE void F(tile_column)(
    const int vectors, const int cut, long rows, long inner, const REAL *a, const REAL *b, REAL *c,
    long c_row, int accumulates, long last) {
  long row = 0;
  for (; row + TILE_ROWS <= rows; row += TILE_ROWS)
    F(tile)(
        TILE_ROWS, vectors, cut, 1, inner, a + row * inner, 1, TILE_ROWS, b, TILE_COLUMNS,
        c + row * c_row, c_row, accumulates, last);
  switch (rows - row) {
    TILE_CASE(1)
    TILE_CASE(2)
    TILE_CASE(3)
    TILE_CASE(4)
    TILE_CASE(5)
#if TILE_ROWS > 6
    TILE_CASE(6)
    TILE_CASE(7)
#endif
#if TILE_ROWS > 8
    TILE_CASE(8)
    TILE_CASE(9)
    TILE_CASE(10)
    TILE_CASE(11)
#endif
  }
}
#undef TILE_CASE

#define TILE_CASE(r)                                                                           \
  case r:                                                                                      \
    F(tile)(                                                                                   \
        r, vectors, cut, 0, inner, a, a_row, a_column, b, b_row, c, c_row, accumulates, last); \
    break;

/// A column of tiles where A and B lie as they are, at most two vectors wide.
///
/// At most six rows, which leaves registers for their addresses; four where a mask takes one more.
/// Seven and eight are halved: a tile of one or two rows would wait for its sums.
INLINE void F(tile_column_in_place)(
    const int vectors, const int cut, long rows, long inner, const REAL *a, long a_row,
    long a_column, const REAL *b, long b_row, REAL *c, long c_row, int accumulates, long last) {
  const int most = cut == F(whole_tile) || vectors == 1 ? 6 : 4;
  while (rows > 0) {
    long taken = rows >= most ? most : rows;
    if (most == 6 && (rows == 7 || rows == 8)) taken = 4;
    switch (taken) {
      TILE_CASE(1)
      TILE_CASE(2)
      TILE_CASE(3)
      TILE_CASE(4)
      TILE_CASE(5)
      TILE_CASE(6)
    }
    rows -= taken, a += taken * a_row, c += taken * c_row;
  }
}
#undef TILE_CASE

/// B as it lies, its columns next to each other; A with any strides.
static void F(product_in_place)(
    long rows, long columns, long inner, const REAL *a, long a_row, long a_column, const REAL *b,
    long b_row, REAL *c, long c_row, int accumulates) {
  long column = 0;
  for (; column + TILE_COLUMNS <= columns; column += TILE_COLUMNS)
    F(tile_column_in_place)(
        2, F(whole_tile), rows, inner, a, a_row, a_column, b + column, b_row, c + column, c_row,
        accumulates, LANES);
  long rest = columns - column;
  if (rest <= 0) return;
  b += column, c += column;
  if (rest > LANES)
    F(tile_column_in_place)(
        2, F(cut_load), rows, inner, a, a_row, a_column, b, b_row, c, c_row, accumulates,
        rest - LANES);
  else if (rest == LANES)
    F(tile_column_in_place)(
        1, F(whole_tile), rows, inner, a, a_row, a_column, b, b_row, c, c_row, accumulates,
        LANES);
  else
    F(tile_column_in_place)(
        1, F(cut_load), rows, inner, a, a_row, a_column, b, b_row, c, c_row, accumulates, rest);
}

/// The room that panels of so many columns take.
INLINE long F(panels)(long columns, long inner) {
  return (columns + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS * inner;
}

/// Copies B [inner × columns] into panels of TILE_COLUMNS columns, the last filled up with zeros.
static void F(pack_columns)(
    long inner, long columns, const REAL *b, long b_row, long b_column, REAL *to) {
  for (long column = 0; column < columns; column += TILE_COLUMNS) {
    long width = columns - column < TILE_COLUMNS ? columns - column : TILE_COLUMNS;
    const REAL *from = b + column * b_column;
    if (width == TILE_COLUMNS && b_column == 1) {
      for (long p = 0; p < inner; p++) {
        F(store)(to + p * TILE_COLUMNS, F(load)(from + p * b_row));
        F(store)(to + p * TILE_COLUMNS + LANES, F(load)(from + p * b_row + LANES));
      }
    } else {
      for (long p = 0; p < inner; p++) {
        for (long j = 0; j < width; j++) to[p * TILE_COLUMNS + j] = from[p * b_row + j * b_column];
        for (long j = width; j < TILE_COLUMNS; j++) to[p * TILE_COLUMNS + j] = 0;
      }
    }
    to += TILE_COLUMNS * inner;
  }
}

/// Copies A [rows × inner] times `factor` into panels of TILE_ROWS rows, filled up with zeros.
static void F(pack_rows)(
    long rows, long inner, const REAL *a, long a_row, long a_column, REAL factor, REAL *to) {
  for (long row = 0; row < rows; row += TILE_ROWS) {
    long height = rows - row < TILE_ROWS ? rows - row : TILE_ROWS;
    const REAL *from = a + row * a_row;
    for (long p = 0; p < inner; p++) {
      for (long i = 0; i < height; i++) to[p * TILE_ROWS + i] = from[i * a_row + p * a_column] * factor;
      for (long i = height; i < TILE_ROWS; i++) to[p * TILE_ROWS + i] = 0;
    }
    to += TILE_ROWS * inner;
  }
}

/// A block of C from packed panels.
static void F(product_of_panels)(
    long rows, long columns, long inner, const REAL *a, const REAL *b, REAL *c, long c_row,
    int accumulates) {
  for (long column = 0; column < columns; column += TILE_COLUMNS) {
    long rest = columns - column;
    const REAL *panel = b + column * inner;
    REAL *target = c + column;
    if (rest >= TILE_COLUMNS)
      F(tile_column)(
          2, F(whole_tile), rows, inner, a, panel, target, c_row, accumulates, LANES);
    else if (rest > LANES)
      F(tile_column)(
          2, F(cut_store), rows, inner, a, panel, target, c_row, accumulates,
          rest - LANES);
    else
      F(tile_column)(
          1, F(cut_store), rows, inner, a, panel, target, c_row, accumulates, rest);
  }
}

/// Room for `count` numbers, aligned to a cache line; the caller frees it.
static REAL *F(room)(long count) {
  size_t bytes = ((size_t)(count > 0 ? count : 1) * sizeof(REAL) + 63) / 64 * 64;
  void *memory = aligned_alloc(64, bytes);
  if (!memory) abort();
  return memory;
}

static void F(product_packed)(struct odoroki_product s, const REAL *a, const REAL *b, REAL *c) {
  long depth = s.inner < BLOCK_INNER ? s.inner : BLOCK_INNER;
  long wide = s.columns < BLOCK_COLUMNS ? s.columns : BLOCK_COLUMNS;
  REAL *left = F(room)((BLOCK_ROWS + TILE_ROWS) * depth);
  REAL *right = F(room)(F(panels)(wide, depth));
  for (long column = 0; column < s.columns; column += BLOCK_COLUMNS) {
    long columns = s.columns - column < BLOCK_COLUMNS ? s.columns - column : BLOCK_COLUMNS;
    for (long p = 0; p < s.inner; p += BLOCK_INNER) {
      long inner = s.inner - p < BLOCK_INNER ? s.inner - p : BLOCK_INNER;
      F(pack_columns)(
          inner, columns, b + p * s.b_row + column * s.b_column, s.b_row, s.b_column, right);
      for (long row = 0; row < s.rows; row += BLOCK_ROWS) {
        long rows = s.rows - row < BLOCK_ROWS ? s.rows - row : BLOCK_ROWS;
        F(pack_rows)(
            rows, inner, a + row * s.a_row + p * s.a_column, s.a_row, s.a_column, 1, left);
        F(product_of_panels)(
            rows, columns, inner, left, right, c + row * s.c_row + column, s.c_row,
            p > 0 || s.accumulates);
      }
    }
  }
  free(left);
  free(right);
}

/// The room for a copy of B on the stack.
enum { F(copied) = 32768 / sizeof(REAL) };

/// A small B whose columns do not lie next to each other is copied where they do.
static __attribute__((noinline)) void F(product_of_copy)(
    struct odoroki_product s, const REAL *a, const REAL *b, REAL *c) {
  REAL copy[F(copied)] __attribute__((aligned(64)));
  long width = (s.columns + LANES - 1) / LANES * LANES;
  for (long p = 0; p < s.inner; p++)
    for (long j = 0; j < s.columns; j++) copy[p * width + j] = b[p * s.b_row + j * s.b_column];
  F(product_in_place)(
      s.rows, s.columns, s.inner, a, s.a_row, s.a_column, copy, width, c, s.c_row, s.accumulates);
}

/// One row or one column, both operands along the inner axis.
static __attribute__((noinline)) void F(product_of_rows)(
    struct odoroki_product s, const REAL *a, const REAL *b, REAL *c) {
  for (long i = 0; i < s.rows; i++)
    for (long j = 0; j < s.columns; j++) {
      REAL sum = F(row_dot)(a + i * s.a_row, b + j * s.b_column, s.inner);
      c[i * s.c_row + j] = s.accumulates ? c[i * s.c_row + j] + sum : sum;
    }
}

static void F(product)(struct odoroki_product s, const void *left, const void *right, void *to) {
  const REAL *a = left, *b = right;
  REAL *c = to;
  if (s.rows <= 0 || s.columns <= 0) return;
  int narrow = s.b_column == 1 || s.columns == 1;
  if ((s.rows == 1 || s.columns == 1) && s.a_column == 1 && s.b_row == 1)
    F(product_of_rows)(s, a, b, c);
  else if (narrow && (s.inner * s.columns <= 16384 || s.rows <= 12))
    F(product_in_place)(
        s.rows, s.columns, s.inner, a, s.a_row, s.a_column, b, s.b_row, c, s.c_row, s.accumulates);
  else if (s.inner * ((s.columns + LANES - 1) / LANES * LANES) <= F(copied))
    F(product_of_copy)(s, a, b, c);
  else
    F(product_packed)(s, a, b, c);
}
