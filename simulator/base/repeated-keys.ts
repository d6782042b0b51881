/**
 * Keys that a JSON object has twice. `JSON.parse` takes the last one without a word, so that half of what a file says
 * would be lost.
 */

/**
 * How many keys the objects of a valid JSON text have, those that are there twice counted twice. Much cheaper than to
 * look for them: whoever has the parsed value compares its number of keys with this.
 *
 * @example keyCount('{"a": 1, "b": {"a": ":"}, "a": [2]}') // => 4
 */
export function keyCount(text: string): number {
  let keys = 0;
  let at = 0;
  for (;;) {
    const quote = text.indexOf('"', at);
    const to = quote < 0 ? text.length : quote;
    // Outside of strings, a colon follows a key and nothing else.
    for (let i = at; i < to; i++) if (text.charCodeAt(i) === 58) keys++;
    if (quote < 0) return keys;
    at = endOfString(text, quote) + 1;
  }
}

/**
 * The first key that an object of a valid JSON text has twice; undefined if none has.
 *
 * @example repeatedKey('{"a": 1, "b": {"a": 2}, "\\u0061": 3}') // => "a"
 * @example repeatedKey('[{"a": 1}, {"a": 2}]') // => undefined
 */
export function repeatedKey(text: string): string | undefined {
  /** Keys of the objects around the place; undefined for a list. */
  const around: (Set<string> | undefined)[] = [];
  let last = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      const end = endOfString(text, i);
      last = text.slice(i, end + 1);
      i = end;
    } else if (code === 123) around.push(new Set());
    else if (code === 91) around.push(undefined);
    else if (code === 125 || code === 93) around.pop();
    else if (code === 58) {
      const key = JSON.parse(last) as string;
      const keys = around.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** Place of the quote that closes the string which opens at `quote`. */
function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
