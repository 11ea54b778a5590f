// @ts-check
import { parseArgs } from "node:util";
import { runtimeNames } from "../scripts/runtimes.mjs";

export const USAGE = `npm run bench -- [options]
  --quick            fewer and shorter rounds, and unless --work says otherwise only ping-pong, pipelined and idle: under a minute
  --runtime NAME     node, deno or bun; may be repeated (default: each)
  --work NAME        ping-pong, pipelined, sizes, growth, broadcast, concurrency, queued, idle, idle-cpu, churn,
                     burst, drain, start-up, codecs, linear or frame-memory; may be repeated (default: each)
  --json FILE        writes all samples, after each work: an interrupted run keeps what it has measured
  --chart FILE       draws targets and costs, as SVG
  --profile DIR      processes under test write their CPU profiles there; the numbers of such a run mean nothing
The servers in Go are built and measured where go is on the PATH.`;

/**
 * @param {string[]} args
 * @param {string[]} workNames
 * @param {string[]} quickNames those of a quick run
 * @throws {TypeError} for arguments that make no sense
 */
export function parseOptions(args, workNames, quickNames) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      runtime: { type: "string", multiple: true },
      work: { type: "string", multiple: true },
      json: { type: "string" },
      chart: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    ...values,
    runtimes: choose("--runtime", values.runtime, runtimeNames),
    works: choose("--work", values.work ?? (values.quick ? quickNames : undefined), workNames),
  };
}

/**
 * @template {string} Name
 * @param {string} option
 * @param {string[] | undefined} asked
 * @param {readonly Name[]} known
 * @returns {Name[]}
 */
function choose(option, asked, known) {
  for (const name of asked ?? []) {
    if (!known.some((one) => one === name))
      throw new TypeError(`${option} must be one of ${known.join(", ")}, not ${name}`);
  }
  return known.filter((name) => asked === undefined || asked.includes(name));
}
