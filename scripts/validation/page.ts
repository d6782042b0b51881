import { invariant } from "../../simulator/errors.ts";

const FROM = "<!-- study: written by npm run validation -- --write -->";
const TO = "<!-- end of study -->";

/** What stands between the marks of the page. */
export function studyPart(page: string): string {
  const [from, to] = marks(page);
  return page.slice(from, to).trim();
}

/** The page with other tables between its marks. */
export function withStudyPart(page: string, tables: string): string {
  const [from, to] = marks(page);
  return `${page.slice(0, from)}\n\n${tables}\n\n${page.slice(to)}`;
}

function marks(page: string): readonly [from: number, to: number] {
  const from = page.indexOf(FROM);
  const to = page.indexOf(TO);
  invariant(from >= 0 && to > from, "the page has both marks");
  return [from + FROM.length, to];
}
