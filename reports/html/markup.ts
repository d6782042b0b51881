import { html as template } from "hono/html";
import { invariant } from "../../simulator/errors.ts";

export { raw } from "hono/html";

/** A piece of HTML in which every value was escaped. */
export type Markup = ReturnType<typeof markup>;

/** Hono's escaping template; none of our values is a promise, so the answer is a string at once. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]) {
  const piece = template(strings, ...values);
  invariant(!(piece instanceof Promise), "a report's markup is synchronous");
  return piece;
}
