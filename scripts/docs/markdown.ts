/** Pieces of Markdown that the reference pages are made of. */

/** A table; cells are escaped, so that no text of the code can break a row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** One line; pipes end no cell, and outside of code angle brackets make no HTML and stars no emphasis. */
function cell(text: string): string {
  const parts = text.replaceAll(/\s+/g, " ").split(/(`[^`]*`)/);
  const escaped = parts.map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/[<*]/g, "\\$&")));
  return escaped.join("").replaceAll("|", "\\|").trim();
}

/** Text as code. A backtick inside would end it, so it becomes an apostrophe. */
export function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

/** Breaks prose at 120 columns; lines that are no prose stay as they are. */
export function wrapped(text: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > 120) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join("\n");
}

/**
 * A heading's anchor as GitHub makes it.
 *
 * @example anchor("capacity, kind: `slots`") // => "capacity-kind-slots"
 */
export function anchor(heading: string): string {
  const letters = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "");
  return letters.trim().replace(/\s/g, "-");
}
