/** The trace format `cloudtrail`: Bedrock calls as CloudTrail events, which tell no tokens. */

import { jsonRow } from "../json-records.ts";
import { tagsClass } from "../labels.ts";
import { UNKNOWN_TOKENS } from "../recorded-rows.ts";
import { isObject, objectAt, outcomeOfError, textAt } from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";

const TIME = { name: "eventTime", unit: null };
/** Answers of LookupEvents hold the event as text, EventBridge under a key. */
const WHOLE = "CloudTrailEvent";
const DETAIL = "detail";
const CALLS = ["InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"];

/** CloudTrail events: who called which model where, and whether it failed. Classes bring the token counts. */
export const cloudtrail: TraceFormat = {
  name: "cloudtrail",
  summary: "CloudTrail events of Bedrock calls (JSON or its log files); no tokens: classes give their lengths",
  matches: ({ record = {} }) =>
    ("eventTime" in record && "eventSource" in record && "eventName" in record) ||
    WHOLE in record ||
    "eventSource" in objectAt(record, DETAIL),
  reader: (sink) => ({
    take(record, place) {
      if (typeof record[WHOLE] === "string") {
        this.take(jsonRow(record[WHOLE], place), place);
        return;
      }
      if (isObject(record[DETAIL])) {
        this.take(record[DETAIL], place);
        return;
      }
      if (!String(record.eventSource).startsWith("bedrock") || !CALLS.includes(String(record.eventName))) {
        sink.note("% events are not calls of models, and were left out");
        return;
      }
      const identity = textAt(objectAt(record, "userIdentity"), "arn");
      const tenant = tagsClass({}, null, identity);
      const region = textAt(record, "awsRegion") ?? "";
      sink.add(
        {
          timeMs: sink.times.read(record.eventTime, TIME, place),
          inputTokens: UNKNOWN_TOKENS,
          outputTokens: UNKNOWN_TOKENS,
          model: textAt(objectAt(record, "requestParameters"), "modelId") ?? "",
          region,
          originName: region,
          processingRegion: textAt(objectAt(record, "additionalEventData"), "inferenceRegion") ?? region,
          requestId: textAt(record, "requestID"),
          tenant,
          className: tenant,
          identity,
          isTagged: false,
          outcome: outcomeOfError(textAt(record, "errorCode")),
        },
        place,
      );
    },
  }),
};
