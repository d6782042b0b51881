/** The browser that tests of pages use: the one of `CHROMIUM_PATH`, else the first on PATH; undefined where there is none. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export function chromiumPath(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const found = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH ?? "", ...found].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
