// Several doubles as one value, for the fast form: eight with AVX-512, the form measured, and four elsewhere.
#pragma once
#include <cmath>
#include <cstdint>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#ifdef __AVX512F__
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif
using Vector = double __attribute__((vector_size(lanes * 8)));
// Only the low 32 bits of a lane carry meaning.
using Words = uint64_t __attribute__((vector_size(lanes * 8)));

inline Vector broadcast(double x) { return Vector{} + x; }
inline Words broadcast_word(uint64_t x) { return Words{} + x; }

#if defined(__AVX512F__)
inline Words multiply(Words a, Words b) { return Words(_mm512_mul_epu32(__m512i(a), __m512i(b))); }
inline Words exclusive_or(Words a, Words b, Words c) {
    return Words(_mm512_ternarylogic_epi64(__m512i(a), __m512i(b), __m512i(c), 0x96));
}
inline Vector minimum(Vector a, Vector b) { return Vector(_mm512_min_pd(__m512d(a), __m512d(b))); }
inline Vector maximum(Vector a, Vector b) { return Vector(_mm512_max_pd(__m512d(a), __m512d(b))); }
inline Vector magnitude(Vector a) { return Vector(_mm512_abs_pd(__m512d(a))); }
// total + 1 in the lanes where a > b.
inline Vector count_above(Vector total, Vector a, Vector b) {
    const __mmask8 above = _mm512_cmp_pd_mask(__m512d(a), __m512d(b), _CMP_GT_OQ);
    return Vector(_mm512_mask_add_pd(__m512d(total), above, __m512d(total), _mm512_set1_pd(1.0)));
}
inline Vector root(Vector x) { return Vector(_mm512_sqrt_pd(__m512d(x))); }
// log(t) for t > 0 and normal, to about 1e-15: atanh series around the square root of two.
inline Vector logarithm(Vector t) {
    const Vector exponent = Vector(_mm512_getexp_pd(__m512d(t)));
    const Vector m = Vector(_mm512_getmant_pd(__m512d(t), _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero));
    constexpr double root_two = 1.4142135623730950488, log_two = 0.69314718055994530942;
    const Vector s = (m - root_two) / (m + root_two), s2 = s * s;
    Vector series = broadcast(2.0 / 21);
    for (int k = 19; k >= 1; k -= 2) series = series * s2 + 2.0 / k;
    return (exponent + 0.5) * log_two + series * s;
}
// Append to list the places first + lane at which a > limit; returns the new end. Writes eight places in any
// case.
inline int64_t* append_above(int64_t* list, int64_t first, Vector a, double limit) {
    const __mmask8 above = _mm512_cmp_pd_mask(__m512d(a), _mm512_set1_pd(limit), _CMP_GT_OQ);
    const __m512i place =
        _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
    _mm512_storeu_si512(list, _mm512_maskz_compress_epi64(above, place));
    return list + __builtin_popcount(above);
}
inline Vector gather(const double* base, const int64_t* place) {
    return Vector(_mm512_i64gather_pd(_mm512_loadu_si512(place), base, 8));
}
inline void scatter(double* base, const int64_t* place, Vector a) {
    _mm512_i64scatter_pd(base, _mm512_loadu_si512(place), __m512d(a), 8);
}
// yes where a > limit, no elsewhere.
inline Vector choose_above(Vector a, double limit, Vector yes, Vector no) {
    const __mmask8 above = _mm512_cmp_pd_mask(__m512d(a), _mm512_set1_pd(limit), _CMP_GT_OQ);
    return Vector(_mm512_mask_blend_pd(above, __m512d(no), __m512d(yes)));
}
inline Vector with_sign(Vector a, Vector sign) {
    return Vector(
        Words(_mm512_ternarylogic_epi64(_mm512_castpd_si512(__m512d(a)), _mm512_castpd_si512(__m512d(sign)),
                                        _mm512_set1_epi64(INT64_MAX), 0xE4)));
}
#else
#ifdef __AVX2__
inline Words multiply(Words a, Words b) { return Words(_mm256_mul_epu32(__m256i(a), __m256i(b))); }
inline Vector root(Vector x) { return Vector(_mm256_sqrt_pd(__m256d(x))); }
#else
inline Words multiply(Words a, Words b) { return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu); }
inline Vector root(Vector x) {
    for (int l = 0; l < lanes; ++l) x[l] = std::sqrt(x[l]);
    return x;
}
#endif
inline Words exclusive_or(Words a, Words b, Words c) { return a ^ b ^ c; }
inline Vector minimum(Vector a, Vector b) { return a < b ? a : b; }
inline Vector maximum(Vector a, Vector b) { return a > b ? a : b; }
inline Vector magnitude(Vector a) { return a < 0.0 ? -a : a; }
inline Vector count_above(Vector total, Vector a, Vector b) {
    return total + (a > b ? broadcast(1) : broadcast(0));
}
inline Vector logarithm(Vector t) {
    for (int l = 0; l < lanes; ++l) t[l] = std::log(t[l]);
    return t;
}
inline int64_t* append_above(int64_t* list, int64_t first, Vector a, double limit) {
    for (int l = 0; l < lanes; ++l)
        if (a[l] > limit) *list++ = first + l;
    return list;
}
inline Vector gather(const double* base, const int64_t* place) {
    Vector a;
    for (int l = 0; l < lanes; ++l) a[l] = base[place[l]];
    return a;
}
inline void scatter(double* base, const int64_t* place, Vector a) {
    for (int l = 0; l < lanes; ++l) base[place[l]] = a[l];
}
inline Vector choose_above(Vector a, double limit, Vector yes, Vector no) { return a > limit ? yes : no; }
inline Vector with_sign(Vector a, Vector sign) { return sign < 0.0 ? -a : a; }
#endif

// The word w of a lane as (w + 0.5) / 2^32 - 0.5, exactly: its bits below those of 2^52 are 2^52 + w.
inline Vector centred_uniform(Words w) {
    const Words bits = (w & 0xFFFFFFFFu) | 0x4330000000000000u;
    return (Vector(bits) - (0x1p52 + 0x1p31)) * 0x1p-32 + 0x1p-33;
}
