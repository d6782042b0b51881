/**
 * How much slower an endpoint is with so many calls inside: straight lines through the points, flat before the first,
 * and on along the last line after the last, for a measured slowdown does not end where the measuring ended.
 * 1 without points.
 *
 * @param points (calls, factor), ascending in calls
 */
export function loadFactor(points: readonly (readonly [number, number])[], calls: number): number {
  const last = points.length - 1;
  if (last < 0) return 1;
  if (last === 0 || calls <= points[0]![0]) return points[0]![1];
  let i = 1;
  while (i < last && calls > points[i]![0]) i++;
  const [x0, y0] = points[i - 1]!;
  const [x1, y1] = points[i]!;
  return Math.max(Math.min(y0, y1), y0 + ((y1 - y0) * (calls - x0)) / (x1 - x0));
}
