// @ts-check
// What a reader must know to trust the numbers, or not to.
import { splitName } from "../names.mjs";
import { counted, listed } from "./markdown.mjs";

/** @typedef {import("../results.mjs").Results} Results */

/** @param {Results} all @param {string} file the results' name */
export function againSection(all, file) {
  const works = [...new Set(all.results.map(({ work }) => work))];
  return `## How to run it again

\`\`\`sh
npm ci
npm run bench -- --json ${file}       # every work on every runtime; --quick takes a minute in all
node bench/document.mjs ${file}       # writes this page and its chart
\`\`\`

An interrupted run leaves what it has measured in the file. Go's servers are built when \`go\` is on the PATH, and left out
otherwise. Ten thousand connections take as many descriptors in each of two processes: see \`ulimit -n\`. \`--runtime\` and
\`--work\` choose some of it; measured here were
${listed(works.map((work) => `\`${work}\``))}.`;
}

/** @param {Results} all */
export function comparedSection({ results, candidates }) {
  const measured = new Set(results.flatMap(({ rows }) => rows.map(({ candidate }) => splitName(candidate).candidate)));
  const described = Object.entries(candidates).filter(([name]) => measured.has(name));
  const lines = described.map(([name, what]) => `- \`${name}\`: ${what}.`);
  return `## What is compared

${lines.join("\n")}

All servers switch Nagle's algorithm off. A server under test listens on the loopback interface, in a process of its own, and
all servers of a work get the same bytes from the same generator.`;
}

/** @param {Results} all */
export function methodSection({ results, machine }) {
  const rounds = results.flatMap(({ samples }) => samples.map(({ round }) => round + 1));
  return `## How it is measured

**Side by side.** The candidates of a work run one after the other, a round each, and then again, up to ${counted(Math.max(1, ...rounds), "round")}.
Whatever disturbs the machine for a while disturbs all of them. A ratio is taken within a round, and then the median of all rounds'
ratios: so it need not be the ratio of the medians. Where a line or a connection is what is counted, every candidate is warmed up
before its first round; a drain, a burst and a start are what they are the first time.

**CPU time, not speed.** A server is asked what CPU time it has used before a round, and after it: user and system time of all its
threads, as the operating system counts them for the process (\`process.cpuUsage()\`, \`getrusage\` in Go). So compiling and
collecting garbage count, whichever thread does it, and so does the kernel's part of reading and writing. Time that the generator
takes does not. Divided by what was answered meanwhile, that is the cost of a line; a million µs divided by it is what one core
can answer in a second. Memory is the resident size, after garbage was collected.

**The generator never sleeps in a round.** A process that sleeps must be woken by who writes to it, and the kernel puts that on the writer's
bill, half of what a write costs on some machines; the slower a server answers, the more often it would pay. Clients elsewhere
are not woken by a server's write. So the generator polls. How busy it was is the share of its turns in which something had come.

**Every byte is compared.** The generator checks all replies against what they must be; one wrong byte ends the bench. It is one
process on Bun, which costs the least there. Where it was busy for more than 85 % of a round, the work below says so: then it may have been
what the server waited for.

**Noise.** The machine has ${counted(machine.cpus, "CPU")}. When another program takes one of them, server and generator take turns instead of
running side by side. Then more lines come together, writes are joined or split in other places, and the cost of a line changes,
not only its delay. So a time from one run cannot be compared with a time from another: ratios can, and the spread
beside each median says how far. A median whose spread crosses its target has neither met nor missed it for certain.

**Limits.** Everything runs on one machine over the loopback interface: no network card, no loss, no distance; and who sends does
some of the kernel's work for who receives. The handler does nothing, which no handler does: beside real work all differences
shrink. Latency is not measured. Servers run for seconds, not days. What a cost consists of is not here either:
\`npm run bench -- --profile DIR\` writes the profiles that show it.`;
}
