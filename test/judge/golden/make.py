"""Writes statistics.json beside this file: reference values for test/judge/statistics.test.ts.

Needs scipy and mpmath. scipy gives the points; mpmath at 40 digits gives the masses and polishes the
quantiles, so the file does not inherit scipy's own errors. Prints how far scipy is from it.
"""
import json
import pathlib
from mpmath import mp, mpf, betainc, erfc, exp, gammainc, log, loggamma, pi, sqrt
from scipy import special, stats

mp.dps = 40
PS = [1e-12, 1e-9, 1e-6, 1e-3, 0.025, 0.2, 0.4, 0.499999, 0.6, 0.8, 0.975, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12]
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
    }
    for a, b in shapes:
        for p in [1e-9, 1e-3, 0.3, 0.7, 0.999]:
            x = float(special.betaincinv(a, b, p))
            lower = beta_lower(mpf(a), mpf(b), mpf(x))
            golden["beta"].append([a, b, x, float(lower), float(1 - lower)])
    body = ",\n".join(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in table) + "\n]" for name, table in golden.items())
    pathlib.Path(__file__).with_name("statistics.json").write_text("{\n" + body + "\n}\n")


main()
