import type { Problem } from "../base/errors.ts";
import type { RouteFamily } from "../service/pricing/prices.ts";
import type { ProfileBook } from "../service/profiles.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";
import { isSoldOnDemand } from "./target-drafts.ts";

/** Where a call of one model may run when it is sent to one region by one route. */
export interface Places {
  readonly family: RouteFamily;
  readonly calledId: string;
  readonly inWorld: readonly number[];
  /** Every region that the route may use, inside the world or not: residency is judged on these. */
  readonly reaches: readonly string[];
}

/** Codes that say: this model is not to be had there, though another may be. */
const NOT_SOLD_THERE: readonly string[] = ["PROFILE_UNKNOWN", "PROFILE_NOT_OFFERED"];

export interface PlacesQuestion {
  readonly region: number;
  /** `regional`, or a profile. */
  readonly route: string;
  readonly model: number;
  /** Goes with the model's name into the cure: `@batch`, or nothing. */
  readonly suffix: string;
  readonly where: string;
  /** Receives why the model is not sold there. */
  readonly unsold: Problem[];
}

export interface PlacesInput {
  readonly scenario: Scenario;
  readonly regionNames: readonly string[];
  readonly problems: Problems;
}

/** The places, or null with a problem: in `unsold` if another model may be sold there, in `problems` if none can. */
export function placesOf(input: PlacesInput, book: ProfileBook, question: PlacesQuestion): Places | null {
  const { scenario, regionNames, problems } = input;
  const { where, unsold } = question;
  const spec = Object.values(scenario.world.models)[question.model]!;
  const source = regionNames[question.region]!;
  if (question.route === "regional") {
    if (isSoldOnDemand(spec)) {
      return { family: "regional", calledId: spec.id, inWorld: [question.region], reaches: [source] };
    }
    const profiles = book.profilesOf(spec.id, source).slice(0, 2);
    const examples = profiles.map((profile) => `${source}/${profile.split(".")[0]}${question.suffix}`);
    unsold.push({
      code: "MODEL_ONLY_THROUGH_PROFILES",
      where,
      what: `${spec.id} cannot be called in a region alone: it is sold only through inference profiles`,
      fix: `name profiles as targets, for example targets: [${examples.join(", ")}]; or say onDemand: true of the model if it is sold so`,
    });
    return null;
  }
  const answer = book.route({ profile: question.route, modelId: spec.id, source });
  if ("code" in answer) {
    (NOT_SOLD_THERE.includes(answer.code) ? unsold : problems.list).push({ ...answer, where });
    return null;
  }
  return {
    family: answer.family,
    calledId: answer.profileId,
    inWorld: answer.inWorld.map((region) => regionNames.indexOf(region)),
    reaches: answer.destinations,
  };
}
