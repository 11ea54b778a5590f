import type { Metrics } from "../../../../src/observers/metrics/mod.ts";
import { parseExposition } from "./exposition.ts";

/** All values of a scrape, by their names with their labels. */
export async function scraped(m: Metrics): Promise<Map<string, number>> {
  return new Map([...parseExposition(await m.text()).values()].flatMap(({ values }) => [...values]));
}

/** The values of one metric above 0, by its label. */
export async function happened(m: Metrics, metric: string): Promise<Record<string, number>> {
  return Object.fromEntries(Object.entries(await byLabel(m, metric)).filter(([, value]) => value > 0));
}

/** The values of one metric, by its label. */
export async function byLabel(m: Metrics, metric: string): Promise<Record<string, number>> {
  const values = [...(parseExposition(await m.text()).get(metric)?.values ?? [])];
  return Object.fromEntries(values.map(([name, value]) => [/"(.*)"/.exec(name)?.[1] ?? "", value]));
}
