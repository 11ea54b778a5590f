/** Adds up numbers by their names, also those within objects. Values that are no numbers are left out. */
export function summed(all: readonly unknown[]): Record<string, unknown> {
  const sums: Record<string, unknown> = {};
  const objects = all.filter((one): one is Record<string, unknown> => isObject(one));
  for (const name of new Set(objects.flatMap((one) => Object.keys(one)))) {
    const values = objects.map((one) => one[name]);
    const numbers = values.filter((value): value is number => typeof value === "number");
    if (numbers.length > 0)
      define(
        sums,
        name,
        numbers.reduce((sum, value) => sum + value, 0),
      );
    else if (values.some(isObject)) define(sums, name, summed(values));
  }
  return sums;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A name may be that of a prototype's property. */
function define(on: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(on, name, { value, enumerable: true, configurable: true, writable: true });
}
