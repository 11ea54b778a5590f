export interface Import {
  readonly from: string;
  /** A path from the root for a relative import, else the name as it is written. */
  readonly to: string;
}

/** The sets of files that import each other, directly or through others (Tarjan's strongly connected components), sorted. */
export function cyclesIn(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const found: string[][] = [];
  const order = new Map<string, number>();
  const stack: string[] = [];

  /** Returns the first file on the stack that this one leads back to, by its place in the order. */
  const visit = (file: string): number => {
    const place = order.size;
    order.set(file, place);
    stack.push(file);
    let lowest = place;
    for (const to of targets.get(file) ?? []) {
      if (!order.has(to)) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, order.get(to) as number);
    }
    if (lowest === place) {
      const component = stack.splice(stack.indexOf(file));
      if (component.length > 1) found.push(component.toSorted());
    }
    return lowest;
  };

  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return found;
}
