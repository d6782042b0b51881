/** Special functions behind the laws: the normal quantile, the gamma function and the incomplete gamma integral. */

/**
 * Quantile of the standard normal law on (0, 1), relative error about 1e-16.
 * Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", 1988, PPND16.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_TOP, r)) / polynomial(CENTRE_BOTTOM, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z =
    r <= 5
      ? polynomial(MIDDLE_TOP, r - 1.6) / polynomial(MIDDLE_BOTTOM, r - 1.6)
      : polynomial(TAIL_TOP, r - 5) / polynomial(TAIL_BOTTOM, r - 5);
  return q < 0 ? -z : z;
}

/**
 * Natural logarithm of the gamma function for x > 0, relative error about 1e-15.
 * Source: C. Lanczos, 1964, with g = 7 and nine terms (P. Godfrey's coefficients).
 */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const z = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Regularised incomplete gamma integrals, lower P(a, x) and upper Q(a, x) = 1 - P, each without cancellation. */
export function incompleteGamma(a: number, x: number): { lower: number; upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 };
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return { lower: front * sum, upper: 1 - front * sum };
  }
  // Continued fraction by the modified Lentz method (DLMF 8.9.2).
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return { lower: 1 - front * h, upper: front * h };
}

/**
 * Quantile of the gamma law with the given shape and scale 1: x with P(shape, x) = p. Halley steps on whichever tail
 * is smaller, so that far quantiles keep their relative accuracy (about 1e-12).
 */
export function gammaQuantile(shape: number, p: number): number {
  const lnGammaShape = lnGamma(shape);
  let x = gammaQuantileGuess(shape, p, lnGammaShape);
  if (x < 1e-12) return x;
  const useUpper = p > 0.5;
  for (let step = 0; step < 40; step++) {
    const { lower, upper } = incompleteGamma(shape, x);
    const error = useUpper ? 1 - p - upper : lower - p;
    const density = Math.exp((shape - 1) * Math.log(x) - x - lnGammaShape);
    if (density === 0) break;
    const newton = error / density;
    const halley = newton / (1 - 0.5 * Math.max(-1, Math.min(1, newton * ((shape - 1) / x - 1))));
    const next = x - halley > 0 ? x - halley : x / 2;
    const moved = Math.abs(next - x);
    x = next;
    if (moved <= 1e-13 * x) break;
  }
  return x;
}

function gammaQuantileGuess(shape: number, p: number, lnGammaShape: number): number {
  // Near zero P(a, x) = x^a / Gamma(a + 1) up to a factor 1 - O(x).
  const nearZero = Math.exp((Math.log(p) + lnGammaShape + Math.log(shape)) / shape);
  if (nearZero < 0.05 || (shape < 1 && nearZero < 0.5)) return nearZero;
  if (shape < 1) return Math.max(nearZero / 4, 0.5 - Math.log(1 - p) + (shape - 1) * 0.5);
  // Wilson and Hilferty 1931: the cube root is nearly normal.
  const cube = 1 - 1 / (9 * shape) + normalQuantile(p) / (3 * Math.sqrt(shape));
  return cube > 0.1 ? shape * cube ** 3 : nearZero;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

const CENTRE_TOP = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRE_BOTTOM = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const MIDDLE_TOP = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_BOTTOM = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const TAIL_TOP = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const TAIL_BOTTOM = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
