/** Copies a column into a longer one of the same kind: how tables of recycled slots grow. */
export function extended<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(
  from: T | undefined,
  to: T,
): T {
  if (from !== undefined) to.set(from);
  return to;
}
