/** Special functions behind the laws: the normal quantile, the gamma function and the incomplete gamma integral. */

/**
 * Quantile of the standard normal law on (0, 1), relative error about 1e-16.
 * Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", 1988, PPND16.
 *
 * @example normalQuantile(0.5) // => 0
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
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 };
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
 * Quantile of the gamma law with the given shape and scale 1: x with P(shape, x) = p. Newton steps on the logarithm of
 * whichever tail is smaller, so that far quantiles keep their relative accuracy (about 1e-12).
 */
export function gammaQuantile(shape: number, p: number): number {
  const lnGammaShape = lnGamma(shape);
  let x = gammaQuantileGuess(shape, p, lnGammaShape);
  if (x < 1e-12) return x;
  for (let step = 0; step < 60; step++) {
    const { lower, upper } = incompleteGamma(shape, x);
    const density = Math.exp((shape - 1) * Math.log(x) - x - lnGammaShape);
    const move = p > 0.5 ? Math.log(upper / (1 - p)) * (upper / density) : Math.log(p / lower) * (lower / density);
    // Never past zero, and never so far that the tail underflows.
    const next = Math.min(Math.max(x + move, x / 2), 2 * x + 10);
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
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const CENTRE_BOTTOM = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const MIDDLE_TOP = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_BOTTOM = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const TAIL_TOP = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
];
const TAIL_BOTTOM = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
  1.421511758316446e-7, 2.0442631033899397e-15,
];
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 0.000009984369578019572, 1.5056327351493116e-7,
];

const SMALLEST_SHARE = 2 ** -53;

/**
 * The normal distribution function within the open unit interval, from a table: relative error about 1e-5.
 *
 * @param shares `normalShares()`
 * @example normalShare(normalShares(), 0) // => 0.5
 */
export function normalShare(shares: Float64Array, score: number): number {
  const x = Math.max(0, Math.min(2 * TABLE_END * TABLE_STEPS - 1, (score + TABLE_END) * TABLE_STEPS));
  const i = Math.floor(x);
  const share = shares[i]! + (x - i) * (shares[i + 1]! - shares[i]!);
  return Math.max(SMALLEST_SHARE, Math.min(1 - SMALLEST_SHARE, share));
}

const TABLE_END = 8;
const TABLE_STEPS = 256;
let tabulated: Float64Array | undefined;

/** The table of `normalShare`, made when it is first asked for. */
export function normalShares(): Float64Array {
  tabulated ??= Float64Array.from({ length: 2 * TABLE_END * TABLE_STEPS + 1 }, (_, i) => {
    const score = i / TABLE_STEPS - TABLE_END;
    const tail = incompleteGamma(0.5, (score * score) / 2).upper / 2;
    return score < 0 ? tail : 1 - tail;
  });
  return tabulated;
}
