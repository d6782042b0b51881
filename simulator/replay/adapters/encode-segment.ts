/** One segment of a URL's path; encodeURIComponent leaves five characters that RFC 3986 reserves. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
