/** A problem of a configuration, the place it speaks of, and what else there is only its echo. */
import type { Problem } from "../../simulator/base/errors.ts";
import type { SchemaMap } from "./schema-map.ts";
import type { ConfigPath } from "./yaml-source.ts";

/** What is needed to judge a key. */
export interface KeyContext {
  /** The value that was checked. */
  readonly value: unknown;
  readonly schema: SchemaMap;
  /** `file:line path` of a place in the configuration. */
  where(path: ConfigPath): string;
}

/** A problem and the place it speaks of. */
export interface Placed {
  readonly problem: Problem;
  readonly path: ConfigPath;
  /** Where an unknown key was meant to stand. */
  readonly meant?: ConfigPath | undefined;
  /** It is the half of a number that a comma has broken in two. */
  readonly isHalf?: boolean;
  /** It is a name that stands where the key `name` should: what the map around it lacks stands below it. */
  readonly isName?: boolean;
  /** It says how the whole map around it is written: what else is said of that map is an echo. */
  readonly isWhole?: boolean;
}
