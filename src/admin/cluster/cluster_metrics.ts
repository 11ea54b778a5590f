import type { AdminSettings } from "../admin_options.ts";
import { textOf } from "../calling.ts";
import type { LoopDelay } from "../loop_delay.ts";
import { type ClusterWatch, RESTART_REASONS } from "./cluster_watch.ts";
import { type LabelledMetrics, mergedMetrics } from "./merged_metrics.ts";
import type { SupervisedWorker } from "./supervised_cluster.ts";
import type { WorkerQuestions } from "./worker_questions.ts";

const STATES = ["starting", "serving", "draining", "killed"] as const;

/** The sources of the metrics of a cluster. */
export interface ClusterMetricsParts {
  readonly settings: Pick<AdminSettings, "metrics">;
  readonly questions: WorkerQuestions;
  readonly watch: ClusterWatch;
  readonly loopDelay: LoopDelay;
}

/**
 * Returns the metrics of all workers, each sample with the number of its worker, and those of the supervisor. A worker that
 * does not answer is left out, and counted.
 */
export async function clusterMetrics(parts: ClusterMetricsParts, timeoutMs: number): Promise<string> {
  const { questions, settings } = parts;
  const outcomes = await questions.askAll({ kind: "metrics" }, timeoutMs);
  const all: LabelledMetrics[] = [{ labels: {}, text: supervisorText(parts, outcomes.filter(isMissing).length) }];
  if (settings.metrics !== undefined) all.push({ labels: {}, text: await textOf(settings.metrics) });
  for (const outcome of outcomes) {
    if ("value" in outcome) all.push({ labels: labelsOf(outcome.worker), text: outcome.value.text });
  }
  return mergedMetrics(all);
}

/** A worker that drains is another series than the one that has taken its place. */
function labelsOf({ pid, slot, state }: SupervisedWorker): Record<string, string> {
  return { worker: String(slot), ...(state === "draining" && { draining: String(pid) }) };
}

/** Workers of programs without metrics are not missing. */
function isMissing(outcome: object): boolean {
  return "silent" in outcome || ("refusal" in outcome && (outcome.refusal as { status: number }).status !== 404);
}

function supervisorText({ loopDelay, questions, watch }: ClusterMetricsParts, missing: number): string {
  const { failedReloads, killed, reloads } = watch.counts;
  const workers = questions.cluster?.workers ?? [];
  const count = (wanted: string) => workers.filter(({ state }) => state === wanted).length;
  return [
    ...metric(
      "spillway_cluster_workers",
      "gauge",
      "Workers by their state.",
      STATES.map((state): Sample => [`{state="${state}"}`, count(state)]),
    ),
    ...metric("spillway_cluster_workers_wanted", "gauge", "Workers that there should be.", [["", watch.wanted]]),
    ...metric("spillway_cluster_workers_silent", "gauge", "Workers that did not answer for these metrics.", [
      ["", missing],
    ]),
    ...metric(
      "spillway_cluster_restarts_total",
      "counter",
      "Workers started in place of one that has ended, was killed, or drained.",
      RESTART_REASONS.map((reason): Sample => [`{reason="${reason}"}`, watch.restarts[reason]]),
    ),
    ...metric("spillway_cluster_killed_total", "counter", "Workers killed because they did not start, answer or end.", [
      ["", killed],
    ]),
    ...metric("spillway_cluster_reloads_total", "counter", "Rolling restarts by their result.", [
      ['{result="done"}', reloads],
      ['{result="failed"}', failedReloads],
    ]),
    ...metric("spillway_cluster_loop_delay_seconds", "gauge", "Longest delay of the supervisor's timers in a second.", [
      ["", loopDelay.maxMs / 1_000],
    ]),
  ].join("\n");
}

type Sample = readonly [labels: string, value: number];

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}
