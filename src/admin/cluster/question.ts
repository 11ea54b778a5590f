/** The messages between the endpoint of a supervisor and its workers, as JSON. */
import type { ConnectionRecord } from "../connection_record.ts";
import type { AdminErrorCode } from "../errors.ts";
import type { EventRecord } from "../event_record.ts";
import type { ConnectionOrder, SortKey } from "../listing.ts";
import type { Position } from "./order.ts";

/** The field by which a worker knows a question of this endpoint from others. */
export const QUESTION = "spillway-admin";

/** An order of the connections of all workers. Ages are compared as of `at`, in ms since 1970. */
export interface ClusterOrder extends ConnectionOrder {
  readonly at: number;
}

/** A question. */
export type Question =
  /** Whether the worker answers at all. */
  | { readonly kind: "hello" }
  /** Asks for the answer of a route: a path with its query. */
  | { readonly kind: "route"; readonly method: string; readonly path: string; readonly body?: unknown }
  /** Up to `limit` connections, from a position on. */
  | {
      readonly kind: "rows";
      readonly order: ClusterOrder;
      readonly limit: number;
      readonly from?: Position | undefined;
    }
  /** Positions of connections at regular distances, within the first `most`. */
  | { readonly kind: "marks"; readonly order: ClusterOrder; readonly most: number }
  /** The largest groups. */
  | { readonly kind: "groups"; readonly most: number }
  | { readonly kind: "metrics" }
  /** The events since the last question, or the next ones that come. */
  | { readonly kind: "events" };

/** Answers to questions, by their kinds. */
export interface Answers {
  readonly hello: true;
  readonly route: { readonly status: number; readonly text: string };
  readonly rows: RowsAnswer;
  readonly marks: MarksAnswer;
  readonly groups: GroupsAnswer;
  readonly metrics: { readonly contentType: string; readonly text: string };
  readonly events: EventsAnswer;
}

export interface RowsAnswer {
  readonly total: number;
  readonly matching: number;
  /** The number of matching connections before the position that was asked for. */
  readonly before: number;
  readonly rows: readonly { readonly key: SortKey; readonly record: ConnectionRecord }[];
}

export interface MarksAnswer {
  readonly matching: number;
  /** The distance of the marks: the first is that of the first connection. */
  readonly step: number;
  readonly marks: readonly (readonly [key: SortKey, id: number])[];
}

export interface GroupsAnswer {
  readonly total: number;
  readonly groups: readonly (readonly [name: string, size: number])[];
}

export interface EventsAnswer {
  readonly events: readonly { readonly record: EventRecord; readonly ofConnection: boolean }[];
  readonly missed: number;
}

/** The answer of a worker. */
export type Reply =
  | { readonly value: Answers[keyof Answers] }
  | { readonly refused: { readonly status: number; readonly code: AdminErrorCode; readonly message: string } };
