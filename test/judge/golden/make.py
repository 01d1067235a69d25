"""Writes statistics.json and samples.json beside this file: reference values for the tests in test/judge/.

Needs scipy and mpmath (Debian: python3-scipy, python3-mpmath; written with scipy 1.10.1 and mpmath 1.2.1).
statistics.json: scipy gives the points; mpmath at 40 digits gives the masses and polishes the quantiles, so the
file does not inherit scipy's own errors. Prints how far scipy is from it.
samples.json: what scipy.stats says of samples drawn here with a fixed seed and rounded to 6 digits.
"""
import json
import pathlib
import numpy
from mpmath import mp, mpf, betainc, erfc, exp, gammainc, log, loggamma, pi, sqrt
from scipy import special, stats

mp.dps = 40
PS = [1e-12, 1e-9, 1e-6, 1e-3, 0.025, 0.2, 0.4, 0.499999, 0.6, 0.8, 0.975, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12]
FAR_PS = [1e-16, 1e-30, 1e-100, 1e-300]
FAR_DFS = [0.5, 1, 1.7, 2, 3, 5, 10, 30, 100, 1e3, 1e4]
DFS = [0.5, 1, 1.7, 2, 3, 5, 10, 30, 100, 1e3, 1e4, 1e5, 1e6]


def normal(x):
    return erfc(-x / sqrt(mpf(2))) / 2, exp(-x * x / 2) / sqrt(2 * pi)


def student(df):
    a = mpf(df) / 2
    def at(t):
        if t * t < df:
            half = betainc(mpf(1) / 2, a, 0, t * t / (df + t * t), regularized=True) / 2
            lower = mpf(1) / 2 + (half if t > 0 else -half)
        else:
            tail = betainc(a, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
            lower = tail if t < 0 else 1 - tail
        density = exp(loggamma(a + mpf(1) / 2) - loggamma(a) - (a + mpf(1) / 2) * log(1 + t * t / df)) / sqrt(df * pi)
        return lower, density
    return at


def chi_squared(df):
    a = mpf(df) / 2
    def at(x):
        h = x / 2
        if h < a + 1:
            term = total = 1 / a
            n = 0
            while term > total * mpf(10) ** -35:
                n += 1
                term *= h / (a + n)
                total += term
            lower = total * exp(a * log(h) - h - loggamma(a))
        elif a < 60:
            lower = 1 - gammainc(a, h, mp.inf, regularized=True)
        else:
            lower = 1 - upper_gamma(a, h)
        return lower, exp((a - 1) * log(h) - h - loggamma(a)) / 2
    return at


def upper_gamma(a, x):
    """Legendre's continued fraction, evaluated forwards (modified Lentz) at full precision."""
    b = x + 1 - a
    value = c = b
    d = mpf(0)
    m = 0
    while True:
        m += 1
        b += 2
        an = m * (a - m)
        d = 1 / (b + an * d)
        c = b + an / c
        value *= c * d
        if abs(c * d - 1) < mpf(10) ** -35:
            return exp(a * log(x) - x - loggamma(a)) / value


def beta_lower(a, b, x):
    """DLMF 8.17.8: every term is positive, so nothing cancels; slow near x = 1, hence the turn."""
    if x > a / (a + b):
        return 1 - beta_lower(b, a, 1 - x)
    term = total = 1 / a
    n = 0
    while term > total * mpf(10) ** -35:
        n += 1
        term *= x * (a + b + n - 1) / (a + n)
        total += term
    return total * exp(a * log(x) + b * log(1 - x) + loggamma(a + b) - loggamma(a) - loggamma(b))


def polish(at, start, p):
    x = mpf(start)
    for _ in range(60):
        lower, density = at(x)
        step = (lower - mpf(p)) / density
        x = x - step if abs(step) < abs(x) / 2 else x - step / abs(step) * abs(x) / 2
        if abs(step) < abs(x) * mpf(10) ** -25:
            return x
    raise SystemExit(f"no convergence at {start} {p}")


def rows(family, reference, scipy_of):
    quantiles, worst = [], mpf(0)
    for df in DFS:
        at, dist = reference(df), scipy_of(df)
        for p in PS:
            start = dist.ppf(p) if p < 0.5 else dist.isf(1 - p)
            x = polish(at, start, p)
            worst = max(worst, abs(mpf(float(start)) / x - 1))
            lower = at(mpf(float(x)))[0]
            quantiles.append([df, p, float(x), float(lower), float(1 - lower)])
    print(family, "scipy quantile differs by at most", mp.nstr(worst, 3))
    return quantiles


def far_student(df):
    """The lower tail by terms that are all positive: 1/2 minus the centre would cancel to nothing out here."""
    a = mpf(df) / 2
    def at(t):
        density = student(df)(mpf(-1))[1] * ((1 + t * t / df) / (1 + mpf(1) / df)) ** -(a + mpf(1) / 2)
        x = df / (df + t * t)
        term = total = 1 / a
        n = 0
        while term > total * mpf(10) ** -35:
            n += 1
            term *= x * (a + n - mpf(1) / 2) / (a + n)
            total += term
        beta = loggamma(a) + loggamma(mpf(1) / 2) - loggamma(a + mpf(1) / 2)
        return total * exp(a * log(x) + log(t * t / (df + t * t)) / 2 - beta) / 2, density
    return at


def far_student_start(df, p):
    """Leading term of the tail for few degrees of freedom, the normal quantile for many."""
    a = mpf(df) / 2
    log_ratio = (log(2 * mpf(p)) + log(a) + loggamma(a) + loggamma(mpf(1) / 2) - loggamma(a + mpf(1) / 2)) / a
    return -sqrt(mpf(df)) * exp(-log_ratio / 2) if log_ratio < -2 else mpf(float(stats.t(df).ppf(max(p, 1e-300))))


def far_chi_squared_start(df, p):
    """Leading term of the lower tail: exact to first order for few degrees of freedom, a lower bound for many."""
    a = mpf(df) / 2
    leading = 2 * exp((log(mpf(p)) + loggamma(a + 1)) / a)
    return leading if df < 50 else max(leading, mpf(float(stats.chi2(df).ppf(p))))


def far_rows(family, reference, start_of):
    """The far lower tail, where masses near 1 are of no use: degrees of freedom, p, quantile, mass below it as rounded."""
    found = []
    for df in FAR_DFS:
        at = reference(df)
        for p in FAR_PS:
            x = polish_log(at, start_of(df, p), p)
            if 1e-300 < abs(x) < 1e300:
                found.append([df, p, float(x), float(at(mpf(float(x)))[0])])
    print(family, len(found), "far quantiles")
    return found


def polish_log(at, start, p):
    """Newton's method on log mass, which is close to a line in log x far out."""
    u, sign = log(abs(mpf(start))), -1 if start < 0 else 1
    for _ in range(200):
        x = sign * exp(u)
        lower, density = at(x)
        step = log(lower / mpf(p)) * lower / (density * x)
        u -= max(-2, min(2, step))
        if abs(step) < mpf(10) ** -25:
            return sign * exp(u)
    raise SystemExit(f"no convergence at {start} {p}")


def samples():
    """Inputs and what scipy.stats says of them."""
    rng = numpy.random.default_rng(20261101)
    draw = {
        "normal": lambda n: rng.normal(10, 3, n),
        "t3": lambda n: rng.standard_t(3, n),
        "ties": lambda n: rng.integers(0, 4, n).astype(float),
        "skewed": lambda n: rng.lognormal(0, 1.5, n),
        "offset": lambda n: 1e6 + rng.normal(0, 1e-2, n),
    }
    one, two = [], []
    for name, source in draw.items():
        for n in [4, 5, 7, 10, 24]:
            x = numpy.round(source(n), 6)
            one.append(one_sample(name, x))
            for m in [2, 5, 11]:
                two.append(two_samples(name, x, numpy.round(1.3 * source(m) + 0.4, 6)))
    sigma = [[v, df, c, float(numpy.sqrt(v * df / stats.chi2.ppf(1 - c, df)))]
             for v in [1e-12, 0.3, 4, 1e9] for df in [0.7, 1, 2, 3, 4.4, 10, 30, 200] for c in [0.05, 0.5, 0.8, 0.95, 0.999]]
    return {"one": one, "two": two, "sigma": sigma}


def one_sample(name, x):
    test = stats.ttest_1samp(x, 0.1, alternative="greater")
    plain = stats.ttest_1samp(x, 0)
    return {
        "of": name, "values": x.tolist(), "mean": float(numpy.mean(x)), "variance": float(numpy.var(x, ddof=1)),
        "median": float(numpy.median(x)), "mad": float(stats.median_abs_deviation(x)),
        "trimmedMean": float(stats.trim_mean(x, 0.2)),
        # Yuen's two-sample t against zeros, which add neither mean nor variance, is that of one sample.
        "yuenT": float(stats.ttest_ind(x, numpy.zeros(len(x)), equal_var=False, trim=0.2).statistic),
        "kurtosis": float(stats.kurtosis(x, bias=False)),
        "greaterP": float(test.pvalue),
        "interval80": [float(end) for end in plain.confidence_interval(0.8)],
        "interval99": [float(end) for end in plain.confidence_interval(0.99)],
    }


def two_samples(name, x, y):
    welch = stats.ttest_ind(x, y, equal_var=False, alternative="greater")
    n = min(len(x), len(y))
    paired = stats.ttest_rel(x[:n], y[:n], alternative="greater")
    a, b = numpy.var(x, ddof=1) / len(x), numpy.var(y, ddof=1) / len(y)
    return {
        "of": name, "first": x.tolist(), "second": y.tolist(),
        "welchT": float(welch.statistic), "welchP": float(welch.pvalue),
        "welchDf": float((a + b) ** 2 / (a * a / (len(x) - 1) + b * b / (len(y) - 1))),
        "pairedT": float(paired.statistic), "pairedP": float(paired.pvalue),
        "pooled": float((numpy.var(x, ddof=1) * (len(x) - 1) + numpy.var(y, ddof=1) * (len(y) - 1)) / (len(x) + len(y) - 2)),
        "pearson": defined(stats.pearsonr(x[:n], y[:n])[0]), "spearman": defined(stats.spearmanr(x[:n], y[:n])[0]),
    }


def defined(value):
    return None if numpy.isnan(value) else float(value)


def write(name, tables):
    body = ",\n".join(f'"{key}": [\n' + ",\n".join(json.dumps(row) for row in table) + "\n]" for key, table in tables.items())
    pathlib.Path(__file__).with_name(name).write_text("{\n" + body + "\n}\n")


def main():
    points = [-37, -20, -8, -5, -3, -1.5, -1, -0.9, -0.3, -1e-6, 0, 1e-9, 0.4, 1, 1.1, 2, 4, 6.5, 8.2]
    tails = [1e-300, 1e-100, 1e-40, *PS, 0.074, 0.076, 0.925, 1 - 1e-15]
    xs = [1e-6, 0.01, 0.25, 0.5, 0.999, 1, 1.5, 2, 2.001, 3.3, 7, 9.99, 10, 25, 171.5, 1e4, 5e5, 1e7]
    shapes = [(0.5, 0.5), (1, 3), (2.5, 1), (20, 30), (0.7, 400), (1e3, 2e3), (1e4, 1e4)]
    golden = {
        "logGamma": [[x, float(loggamma(mpf(x)))] for x in xs],
        "beta": [],
        "normalCdf": [[z, float(normal(mpf(z))[0])] for z in points],
        "normalQuantile": [[p, float(polish(normal, special.ndtri(p) if p < 0.5 else -special.ndtri(1 - p), p))] for p in tails],
        "student": rows("student", student, stats.t),
        "chiSquared": rows("chi-squared", chi_squared, stats.chi2),
        "studentFar": far_rows("student", far_student, far_student_start),
        "chiSquaredFar": far_rows("chi-squared", chi_squared, far_chi_squared_start),
    }
    for a, b in shapes:
        for p in [1e-9, 1e-3, 0.3, 0.7, 0.999]:
            x = float(f"{special.betaincinv(a, b, p):.9g}")  # rounded: the last digits differ between versions of scipy
            lower = beta_lower(mpf(a), mpf(b), mpf(x))
            golden["beta"].append([a, b, x, float(lower), float(1 - lower)])
    write("statistics.json", golden)
    write("samples.json", samples())


main()
