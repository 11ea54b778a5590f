import type { StandardIssue, StandardSchema } from "../../../../src/core/codecs/mod.ts";

/** A validator by hand, as any library makes it. */
export function schema<Output>(
  validate: StandardSchema<Output>["~standard"]["validate"],
): StandardSchema<Output> & { readonly "~standard": { readonly version: 1; readonly vendor: string } } {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const refuse = (...issues: StandardIssue[]) => ({ issues });

/** Objects with an `id`, a whole number, of which nothing else is kept. */
export const hasId: StandardSchema<{ id: number }> = schema((value) => {
  if (typeof value !== "object" || value === null) return refuse({ message: "not an object" });
  const { id } = value as { id?: unknown };
  return Number.isInteger(id) ? { value: { id: id as number } } : refuse({ message: "not a number", path: ["id"] });
});
