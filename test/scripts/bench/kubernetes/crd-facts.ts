import type { StructuralSchema } from "./structural-schema.ts";

/**
 * What k6-operator 1.6.0 takes of the fields that we write, read from its published definition
 * (config/crd/bases/k6.io_testruns.yaml, version v1alpha1 of testruns.k6.io). Names and types only.
 */
export const TESTRUN_FACTS: StructuralSchema = object({
  apiVersion: { type: "string" },
  kind: { type: "string" },
  metadata: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  spec: object(
    {
      arguments: { type: "string" },
      args: { type: "array", items: { type: "string" } },
      cleanup: { type: "string", enum: ["post"] },
      initializer: pod(),
      parallelism: { type: "integer" },
      paused: { type: "string" },
      quiet: { type: "string" },
      runner: pod(),
      script: object({
        configMap: object({ file: { type: "string" }, name: { type: "string" } }, ["name"]),
        localFile: { type: "string" },
        volumeClaim: object({ file: { type: "string" }, name: { type: "string" }, readOnly: { type: "boolean" } }, [
          "name",
        ]),
      }),
      separate: { type: "boolean" },
    },
    ["parallelism", "script"],
  ),
});

function pod(): StructuralSchema {
  const amounts: StructuralSchema = { type: "object", additionalProperties: { "x-kubernetes-int-or-string": true } };
  return object({
    automountServiceAccountToken: { type: "string" },
    containerSecurityContext: object({
      allowPrivilegeEscalation: { type: "boolean" },
      capabilities: object({ drop: { type: "array", items: { type: "string" } } }),
    }),
    env: {
      type: "array",
      items: object(
        {
          name: { type: "string" },
          value: { type: "string" },
          valueFrom: object({
            secretKeyRef: object({ key: { type: "string" }, name: { type: "string" }, optional: { type: "boolean" } }, [
              "key",
            ]),
          }),
        },
        ["name"],
      ),
    },
    image: { type: "string" },
    resources: object({ limits: amounts, requests: amounts }),
    securityContext: object({
      runAsGroup: { type: "integer" },
      runAsNonRoot: { type: "boolean" },
      runAsUser: { type: "integer" },
    }),
  });
}

function object(
  properties: Readonly<Record<string, StructuralSchema>>,
  required?: readonly string[],
): StructuralSchema {
  return { type: "object", properties, ...(required === undefined ? {} : { required }) };
}
