/**
 * The forms in which a server may send a secret back: as it is, percent-encoded, or in base64, alone or inside a longer
 * text. Used inside k6 too, which has no Buffer.
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Shorter texts are found by chance. */
const LENGTH_MIN = 8;

/**
 * The texts to look for, the longest first.
 *
 * @param secret ASCII, as keys are
 * @example secretEchoes("AKIA").includes("QUtJQQ") // => false
 * @example secretEchoes("AKIAIOSF").includes("QUtJQUlPU0") // => true
 */
export function secretEchoes(secret: string): readonly string[] {
  const inBase64 = [0, 1, 2].map((shift) => base64Part(secret, shift));
  const urlSafe = inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const encoded = [encodeURIComponent(secret), ...inBase64, ...urlSafe].filter((text) => text.length >= LENGTH_MIN);
  return [...new Set([secret, ...encoded])].sort((a, b) => b.length - a.length);
}

/**
 * What a secret is in base64 if it begins so many bytes after a multiple of three: only the digits that depend on
 * nothing around it.
 */
function base64Part(secret: string, shift: number): string {
  const bytes = [...Array<number>(shift).fill(0), ...Array.from(secret, (char) => char.charCodeAt(0) & 0xff)];
  let digits = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (const place of [18, 12, 6, 0]) digits += DIGITS[(bits >> place) & 63];
  }
  return digits.slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
}
