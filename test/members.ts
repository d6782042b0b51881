/**
 * Which members of a registry a conformance suite asks: all of them. Where a test runs the suites again, for members that
 * it has added to a copy of the project, `MERIDIAN_TEST_MEMBERS` names these, and the others are left to the suites' own
 * run.
 */
export const MEMBERS_VARIABLE = "MERIDIAN_TEST_MEMBERS";

const NAMED = process.env[MEMBERS_VARIABLE]?.split(",");

/**
 * @param members all of the registry
 * @param nameOf the name that a user writes
 */
export function asked<T>(members: readonly T[], nameOf: (member: T) => string): readonly T[] {
  return NAMED === undefined ? members : members.filter((member) => NAMED.includes(nameOf(member)));
}
