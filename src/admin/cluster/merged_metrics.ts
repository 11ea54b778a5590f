/** The metrics of a process, and the labels that tell its samples from those of others. */
export interface LabelledMetrics {
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Family {
  /** `# HELP` and `# TYPE`, as the first process has written them. */
  readonly comments: Map<string, string>;
  readonly samples: string[];
}

const COMMENT = /^# (HELP|TYPE) (\S+)/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?(\s+(?:NaN|[-+]?(?:Inf|[\d.])).*)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const PARTS = /_(bucket|sum|count|total|created|info)$/;

/**
 * Merges texts in the format of Prometheus: each metric once, with its help and its type, and the samples of all processes
 * below it. A label of theirs with the name of one of ours becomes `exported_` and that name, as Prometheus does it. Lines
 * that are no samples are left out.
 */
export function mergedMetrics(all: readonly LabelledMetrics[]): string {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    let family = families.get(name);
    if (family === undefined) {
      family = { comments: new Map(), samples: [] };
      families.set(name, family);
    }
    return family;
  };
  for (const { labels, text } of all) {
    const own = labelTexts(labels);
    let current = "";
    for (const line of text.split("\n")) {
      const [, kind, name] = COMMENT.exec(line) ?? [];
      if (kind !== undefined && name !== undefined) {
        current = name;
        const { comments } = familyOf(name);
        if (!comments.has(kind)) comments.set(kind, line);
        continue;
      }
      const [, sample, given = "", rest = ""] = SAMPLE.exec(line) ?? [];
      if (sample === undefined) continue;
      const family = sample === current || sample.replace(PARTS, "") === current ? current : sample;
      const others = [...given.matchAll(LABEL)].map(([, label = "", value]) =>
        Object.hasOwn(labels, label) ? `exported_${label}="${value}"` : `${label}="${value}"`,
      );
      const inner = [...own, ...others].join(",");
      familyOf(family).samples.push(inner === "" ? `${sample}${rest}` : `${sample}{${inner}}${rest}`);
    }
  }
  return [...families.values()]
    .flatMap(({ comments, samples }) => (samples.length === 0 ? [] : [...comments.values(), ...samples]))
    .map((line) => `${line}\n`)
    .join("");
}

function labelTexts(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
}
