/**
 * Mean and variance of a law from its quantile function: the integrals of Q(u) and Q(u)^2 over (0, 1), by five-point
 * Gauss-Legendre on cells that halve towards both ends, where quantile functions bend.
 */
export function momentsOf(quantile: (u: number) => number): { mean: number; variance: number } {
  let mean = 0;
  let square = 0;
  const addCell = (from: number, to: number, mirrored: boolean) => {
    const half = (to - from) / 2;
    for (let i = 0; i < NODES.length; i++) {
      const v = from + half * (1 + NODES[i]!);
      const value = quantile(mirrored ? 1 - v : v);
      mean += WEIGHTS[i]! * half * value;
      square += WEIGHTS[i]! * half * value * value;
    }
  };
  for (let octave = 1; octave < OCTAVES; octave++) {
    const from = 2 ** -(octave + 1);
    for (let cell = 0; cell < CELLS; cell++) {
      addCell(from * (1 + cell / CELLS), from * (1 + (cell + 1) / CELLS), false);
      addCell(from * (1 + cell / CELLS), from * (1 + (cell + 1) / CELLS), true);
    }
  }
  addCell(0, 2 ** -OCTAVES, false);
  addCell(0, 2 ** -OCTAVES, true);
  return { mean, variance: Math.max(0, square - mean * mean) };
}

const OCTAVES = 48;
const CELLS = 16;
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891];
