/** What the page of the playground and its worker say to each other. Everything is plain data. */

import type { LiveAnswer } from "../../reports/live/answer.ts";
import type { Problem } from "../../simulator/base/errors.ts";
import type { JobOutput } from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ResolveInputs } from "../../simulator/scenario/resolve.ts";
import type { ModelFactsData } from "../../simulator/service/model-facts.ts";
import type { Knob, KnobValues } from "./knobs.ts";

/** Reference data and recordings as plain data, as they can be posted. */
export type WorkerInputs = Omit<ResolveInputs, "models"> & { readonly models: ModelFactsData };

/** The look of pictures. */
export type ThemeName = "light" | "dark";

/** How a part of a run is divided. */
export interface PartAsk {
  /** Requests of a replication that are simulated at most. */
  readonly requestsMax: number;
  /** Workers that simulate it; each does some of the strategies. */
  readonly workers: number;
}

/** Runs the scenario with the knobs as they stand: a part of it at once, or the whole. */
export interface RunAsk {
  readonly kind: "run";
  readonly id: number;
  readonly values: KnobValues;
  /** Left out for the whole. */
  readonly part?: PartAsk;
  readonly theme: ThemeName;
}

/** What the page asks. Numbers come back in the replies: the page may have asked for something else meanwhile. */
export type Ask =
  /** Once, before all else. `file` is named in problems. */
  | { readonly kind: "inputs"; readonly inputs: WorkerInputs; readonly file: string; readonly meridianVersion: string }
  /** The text of the editor: is checked, and is what runs from now on. */
  | { readonly kind: "scenario"; readonly id: number; readonly text: string }
  | RunAsk
  /** Simulates some strategies of a part, for the worker that was asked for it. */
  | ({ readonly kind: "help"; readonly id: number; readonly values: KnobValues; readonly place: number } & PartAsk)
  /** What a helper found. */
  | { readonly kind: "helped"; readonly id: number; readonly output: JobOutput }
  /** The last answer in other colours. */
  | { readonly kind: "draw"; readonly theme: ThemeName }
  /** What may stand at a place of the text; lines and columns from 0. */
  | { readonly kind: "complete"; readonly id: number; readonly text: string; readonly offset: number }
  /** The scenario with the values written in, and the last whole result. */
  | { readonly kind: "save"; readonly id: number; readonly values: KnobValues }
  | { readonly kind: "result"; readonly id: number };

/** A problem with the line that it is on, where it is on one. */
export interface PlacedProblem extends Problem {
  /** From 1. */
  readonly line?: number;
}

/** Something that may be written at a place. */
export interface Completion {
  readonly label: string;
  readonly insert: string;
  readonly detail?: string;
  readonly kind: "key" | "value";
}

/** How much of a scenario an answer is about. */
export interface Extent {
  readonly replications: number;
  readonly replicationsAsked: number;
  /** Requests of a replication that were simulated, where that is not all of them. */
  readonly firstRequests?: number;
  readonly requests: number;
  /** Of checking, simulating and drawing, ms. */
  readonly tookMs: number;
  /** Of the simulation alone, ms. */
  readonly simulatedMs: number;
  /** How many requests the next part may have, by what this one took. */
  readonly requestsMax: number;
  /** What the whole run would take, by what this part took, ms. */
  readonly wholeMs: number;
}

export type Reply =
  | {
      readonly kind: "checked";
      readonly id: number;
      readonly problems: readonly PlacedProblem[];
      readonly notes: readonly string[];
      readonly knobs: readonly Knob[];
      /** Files that the text names and this page does not have. */
      readonly missing: readonly string[];
    }
  | { readonly kind: "progress"; readonly id: number; readonly share: number }
  | { readonly kind: "helped"; readonly id: number; readonly output: JobOutput }
  | { readonly kind: "answer"; readonly id: number; readonly answer: LiveAnswer; readonly extent: Extent }
  | { readonly kind: "drawn"; readonly answer: LiveAnswer }
  | { readonly kind: "problems"; readonly id: number; readonly problems: readonly PlacedProblem[] }
  | {
      readonly kind: "completions";
      readonly id: number;
      readonly from: number;
      readonly options: readonly Completion[];
    }
  | { readonly kind: "saved"; readonly id: number; readonly text: string }
  | { readonly kind: "result"; readonly id: number; readonly result: RunResult | null };
