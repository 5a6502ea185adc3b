// One head of attention without the matrix of its scores: blocks of queries meet blocks of keys, and
// every row keeps its running maximum and sum.
//
// Milakov & Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135.
#define QUERY_BLOCK 96L
#define KEY_BLOCK 128L

/// Turns a row of scores into weights and keeps the row's maximum and sum: what the output holds so
/// far has to be multiplied by the result.
INLINE REAL F(online_softmax)(long count, REAL *scores, REAL *peak, REAL *sum) {
  REAL old = *peak, new = F(row_maximum)(scores, count);
  new = new > old || new != new ? new : old;
  *peak = new;
  if (new == -(REAL)INFINITY) {
    for (long i = 0; i < count; i++) scores[i] = 0;
    return 1;
  }
  REAL total = F(row_exponentials)(count, scores, new, scores);
  REAL factor = old == new ? 1 : F(exponential_falling)(F(splat)(old - new))[0];
  *sum = *sum * factor + total;
  return factor;
}

INLINE void F(scale_row)(long count, REAL factor, REAL *x) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) F(store)(x + i, F(load)(x + i) * factor);
  for (; i < count; i++) x[i] *= factor;
}

INLINE void F(add_row)(long count, const REAL *bias, REAL *x) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) F(store)(x + i, F(load)(x + i) + F(load)(bias + i));
  for (; i < count; i++) x[i] += bias[i];
}

static void F(attention)(
    struct odoroki_attention s, const void *queries, const void *keys, const void *values,
    const void *biases, void *to) {
  const REAL *q = queries, *bias = biases;
  REAL *o = to;
  if (s.queries <= 0) return;
  long blocks = (s.keys + KEY_BLOCK - 1) / KEY_BLOCK;
  long key_room = F(panels)(KEY_BLOCK, s.width), value_room = F(panels)(s.value_width, KEY_BLOCK);
  REAL *packed_keys = F(room)(blocks * key_room);
  REAL *packed_values = F(room)(blocks * value_room);
  REAL *packed_queries = F(room)((QUERY_BLOCK + TILE_ROWS) * s.width);
  REAL *scores = F(room)(QUERY_BLOCK * KEY_BLOCK);
  REAL *peaks = F(room)(2 * QUERY_BLOCK), *sums = peaks + QUERY_BLOCK;
  for (long block = 0; block < blocks; block++) {
    long start = block * KEY_BLOCK, count = s.keys - start;
    if (count > KEY_BLOCK) count = KEY_BLOCK;
    const REAL *k = (const REAL *)keys + start * s.k_row, *v = (const REAL *)values + start * s.v_row;
    F(pack_columns)(s.width, count, k, 1, s.k_row, packed_keys + block * key_room);
    F(pack_columns)(count, s.value_width, v, s.v_row, 1, packed_values + block * value_room);
  }
  for (long first = 0; first < s.queries; first += QUERY_BLOCK) {
    long rows = s.queries - first < QUERY_BLOCK ? s.queries - first : QUERY_BLOCK;
    F(pack_rows)(
        rows, s.width, q + first * s.q_row, s.q_row, 1, (REAL)s.scale, packed_queries);
    for (long i = 0; i < rows; i++) {
      peaks[i] = -(REAL)INFINITY, sums[i] = 0;
      for (long j = 0; j < s.value_width; j++) o[(first + i) * s.o_row + j] = 0;
    }
    // The number of keys that the first query of the block sees; each further one sees one more.
    long seen = first + s.keys - s.queries + 1;
    long end = s.is_causal && seen + rows - 1 < s.keys ? seen + rows - 1 : s.keys;
    for (long start = 0; start < end; start += KEY_BLOCK) {
      long count = end - start < KEY_BLOCK ? end - start : KEY_BLOCK, block = start / KEY_BLOCK;
      F(product_of_panels)(
          rows, count, s.width, packed_queries, packed_keys + block * key_room, scores, KEY_BLOCK,
          0);
      for (long i = 0; i < rows; i++) {
        REAL *row = scores + i * KEY_BLOCK;
        if (bias) F(add_row)(count, bias + (first + i) * s.bias_row + start, row);
        if (s.is_causal) {
          long visible = seen + i - start;
          for (long j = visible > 0 ? visible : 0; j < count; j++) row[j] = -(REAL)INFINITY;
        }
        REAL factor = F(online_softmax)(count, row, peaks + i, sums + i);
        if (factor != 1) F(scale_row)(s.value_width, factor, o + (first + i) * s.o_row);
      }
      // The weights are read where they lie; the values from panels of `block_keys` rows.
      long block_keys = s.keys - start < KEY_BLOCK ? s.keys - start : KEY_BLOCK;
      for (long column = 0; column < s.value_width; column += TILE_COLUMNS) {
        long rest = s.value_width - column;
        const REAL *panel = packed_values + block * value_room + column * block_keys;
        REAL *target = o + first * s.o_row + column;
        if (rest >= TILE_COLUMNS)
          F(tile_column_in_place)(
              2, F(whole_tile), rows, count, scores, KEY_BLOCK, 1, panel, TILE_COLUMNS, target,
              s.o_row, 1, LANES);
        else if (rest > LANES)
          F(tile_column_in_place)(
              2, F(cut_store), rows, count, scores, KEY_BLOCK, 1, panel, TILE_COLUMNS, target,
              s.o_row, 1, rest - LANES);
        else
          F(tile_column_in_place)(
              1, F(cut_store), rows, count, scores, KEY_BLOCK, 1, panel, TILE_COLUMNS, target,
              s.o_row, 1, rest);
      }
    }
    for (long i = 0; i < rows; i++)
      if (sums[i] != 0) F(scale_row)(s.value_width, 1 / sums[i], o + (first + i) * s.o_row);
  }
  free(packed_keys), free(packed_values), free(packed_queries), free(scores), free(peaks);
}

#undef QUERY_BLOCK
#undef KEY_BLOCK
#undef TILE_COLUMNS
#undef BLOCK_INNER
#undef BLOCK_ROWS
#undef BLOCK_COLUMNS
#undef EXP_NORMAL
