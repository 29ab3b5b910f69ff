// The common work of the benchmark: parameters and measures, shared by both C++ forms. Rules: README.md.
#pragma once
#include <cstdint>

constexpr double mean_demand = 10.0, standard_deviation = 3.0, smoothing = 0.2, safety_factor = 1.645;
constexpr int store_lead_time = 2, distributor_lead_time = 3;
constexpr double unit_cost = 50.0, price_to_distributor = 65.0, price_to_store = 75.0, retail_price = 100.0;
constexpr double store_holding_cost = 0.15, distributor_holding_cost = 0.13;
constexpr double initial_variance = standard_deviation * standard_deviation;
constexpr double store_cover = store_lead_time + 1, distributor_cover = distributor_lead_time + 1;

enum Tier { manufacturer, distributor, store, tiers };
enum Measure {
    demand,
    sales,
    lost,
    stock,
    stockout_weeks,
    revenue,
    purchases,
    holding_cost,
    profit,
    orders,
    orders_squared,
    demand_squared,
    measures
};

struct Chain {
    int distributors, stores, weeks;  // stores: per distributor
    int64_t replications;
    uint64_t seed;
};

// Rational coefficients of AS241 (PPND16), Wichura 1988, Applied Statistics 37, 477-484, highest power first.
constexpr double central_numerator[8] = {
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0};
constexpr double central_denominator[8] = {
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0};
constexpr double tail_numerator[8] = {7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                      2.41780725177450611770e-1, 1.27045825245236838258e0,
                                      3.64784832476320460504e0,  5.76949722146069140550e0,
                                      4.63033784615654529590e0,  1.42343711074968357734e0};
constexpr double tail_denominator[8] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                        1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                        6.89767334985100004550e-1, 1.67638483018380384940e0,
                                        2.05319162663775882187e0,  1.0};
constexpr double central_limit = 0.425, central_offset = 0.180625, tail_offset = 1.6;
// A third branch of AS241 begins at sqrt(-log(p)) = 5; the smallest uniform, 2^-33, reaches only 4.79.

// Philox4x32 constants, Salmon et al. 2011.
constexpr uint32_t philox_multiplier_0 = 0xD2511F53u, philox_multiplier_1 = 0xCD9E8D57u;
constexpr uint32_t philox_bump_0 = 0x9E3779B9u, philox_bump_1 = 0xBB67AE85u;

// Simulate replications [first, last) and write tiers * measures totals for each to table[replication].
void run_scalar(const Chain& chain, int64_t first, int64_t last, double* table);
void run_fast(const Chain& chain, int64_t first, int64_t last, double* table);
