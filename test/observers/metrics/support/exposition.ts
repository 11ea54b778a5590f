// Reads the text format of Prometheus, version 0.0.4, and refuses everything that a scraper would refuse, and more.

/** A metric of the text. */
export interface Family {
  readonly help: string;
  readonly type: string;
  /** The values by their names with their labels, as they are written. */
  readonly values: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const LABELS = /^(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!$)|$))*$/;

/** Returns the metrics by their names. @throws {SyntaxError} not the format */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  if (!text.endsWith("\n")) throw new SyntaxError("the last line does not end");
  for (const block of text.trimEnd().split("\n\n")) {
    const [help = "", type = "", ...samples] = block.split("\n");
    const [, name = "", helpText = ""] = /^# HELP (\S+) (.+)$/.exec(help) ?? [];
    const [, typeName, kind = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(type) ?? [];
    if (!NAME.test(name) || typeName !== name) throw new SyntaxError(`no HELP and TYPE of one metric: ${block}`);
    if (families.has(name)) throw new SyntaxError(`${name} comes twice`);
    if ((kind === "counter") !== name.endsWith("_total")) throw new SyntaxError(`${name} is a ${kind}`);
    const values = valuesOf(name, kind, samples);
    if (kind === "histogram") checkHistogram(name, values);
    families.set(name, { help: helpText, type: kind, values });
  }
  return families;
}

function valuesOf(family: string, kind: string, samples: readonly string[]): Map<string, number> {
  const values = new Map<string, number>();
  for (const sample of samples) {
    const [, name = "", labels = "", number = ""] = SAMPLE.exec(sample) ?? [];
    const suffix = kind === "histogram" ? "_(bucket|sum|count)" : "";
    if (!new RegExp(`^${family}${suffix}$`).test(name)) throw new SyntaxError(`no sample of ${family}: ${sample}`);
    if (!LABELS.test(labels)) throw new SyntaxError(`bad labels: ${sample}`);
    const key = labels === "" ? name : `${name}{${labels}}`;
    if (values.has(key)) throw new SyntaxError(`${key} comes twice`);
    const value = Number(number);
    if (!(value >= 0 && value < Infinity)) throw new SyntaxError(`${key} is ${number}`);
    values.set(key, value);
  }
  return values;
}

/** Buckets ascend, each counts what those before count, and the last one counts all. */
function checkHistogram(name: string, values: ReadonlyMap<string, number>): void {
  const buckets = [...values].flatMap(([key, count]) => {
    const [, le] = /_bucket\{le="([^"]+)"\}$/.exec(key) ?? [];
    return le === undefined ? [] : [{ le: le === "+Inf" ? Infinity : Number(le), count }];
  });
  const ordered = buckets.every(
    ({ le, count }, index) =>
      index === 0 || (le > (buckets[index - 1]?.le ?? 0) && count >= (buckets[index - 1]?.count ?? 0)),
  );
  const last = buckets.at(-1);
  if (!ordered || last?.le !== Infinity) throw new SyntaxError(`the buckets of ${name} do not ascend to +Inf`);
  if (values.get(`${name}_count`) !== last.count)
    throw new SyntaxError(`the last bucket of ${name} does not count all`);
  if (!values.has(`${name}_sum`)) throw new SyntaxError(`${name} has no sum`);
}
