import type { ClassPlan } from "../scenario/plan.ts";
import type { RequestView } from "../strategies/strategy.ts";
import type { Request } from "./request.ts";

type MutableView = { -readonly [Field in keyof RequestView]: RequestView[Field] };

/** What a strategy is shown of a request: one object, written anew for each decision; never the output's length. */
export class ShownRequest {
  readonly view: RequestView;
  private readonly fields = newView();

  constructor() {
    this.view = this.fields;
  }

  show(request: Request, each: ClassPlan): void {
    const { fields } = this;
    fields.requestId = request.id;
    fields.classIndex = request.classIndex;
    fields.originIndex = request.originIndex;
    fields.inputTokens = request.inputTokens;
    fields.maxTokens = request.maxTokens;
    fields.prefixTokens = request.prefixTokens;
    fields.prefixId = request.prefixId;
    fields.attempt = request.attempts;
    fields.previousTarget = request.lastTarget;
    fields.arrivalMs = request.arrivalMs;
    fields.sloE2eMs = each.sloE2eMs;
    fields.deferrable = each.deferrable;
  }
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
function newView(): MutableView {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 0,
    maxTokens: 0,
    prefixTokens: 0,
    prefixId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: Number.NaN,
    sloE2eMs: Number.NaN,
    deferrable: false,
  };
}
