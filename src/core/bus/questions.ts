import type { Clock } from "../time/clock.ts";
import type { Presence } from "./bus.ts";
import { originText } from "./origin.ts";
import { topicOfOrigin } from "./topic_of.ts";
import {
  type Question as AskedQuestion,
  FORM,
  type RecipientKind,
  TO,
  WireReader,
  WireWriter,
  writeFrame,
} from "./wire.ts";

/** The time to wait for answers. */
const ANSWER_MS = 500;
/** The number of questions under way. */
const MOST_QUESTIONS = 1_024;
const MOST_NUMBER = 2 ** 32;

/** The sender of questions. */
export interface QuestionOwner {
  /** The numbers of the servers that are expected to answer. */
  live(): readonly number[];
  /** Sends a question to all servers. Returns false while that is not possible. */
  ask(number: number, name: string): boolean;
}

interface Question {
  readonly name: string;
  readonly awaited: Set<number>;
  members: number;
  servers: number;
  readonly timer: unknown;
  readonly resolve: (presence: Presence) => void;
}

/** Questions for the number of members of groups, and their answers. Nothing is sent or kept unless somebody asks. */
export class Questions {
  readonly #clock: Clock;
  readonly #owner: QuestionOwner;
  readonly #open = new Map<number, Question>();
  /** The answers that are awaited, by name. */
  readonly #answers = new Map<string, Promise<Presence>>();
  #last = 0;

  constructor(clock: Clock, owner: QuestionOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Asks for the members of a group; `own` is the number here. Callers that ask while a question is under way share its answer. */
  ask(name: string, own: number): Promise<Presence> {
    const awaitedAlready = this.#answers.get(name);
    if (awaitedAlready !== undefined) return awaitedAlready;
    const alone = { members: own, servers: own > 0 ? 1 : 0 };
    const awaited = new Set(this.#owner.live());
    this.#last = (this.#last + 1) % MOST_NUMBER;
    const number = this.#last;
    if (awaited.size === 0 || this.#open.size >= MOST_QUESTIONS || !this.#owner.ask(number, name)) {
      return Promise.resolve({ ...alone, complete: awaited.size === 0 });
    }
    const timer = this.#clock.setTimeout(() => this.#end(number), ANSWER_MS);
    const answer = new Promise<Presence>((resolve) => {
      this.#open.set(number, { name, awaited, ...alone, timer, resolve });
    });
    this.#answers.set(name, answer);
    return answer;
  }

  /** Takes the answer of a server. @throws {WireError} it is none */
  onAnswer(origin: number, payload: Uint8Array): void {
    const reader = new WireReader(payload);
    const number = reader.varint();
    const members = reader.varint();
    const question = this.#open.get(number);
    if (question === undefined || !question.awaited.delete(origin)) return;
    question.members += members;
    if (members > 0) question.servers += 1;
    if (question.awaited.size === 0) this.#end(number);
  }

  /** Answers all callers with the numbers that have come. */
  end(): void {
    for (const number of this.#open.keys()) this.#end(number);
  }

  #end(number: number): void {
    const question = this.#open.get(number);
    if (question === undefined) return;
    const { name, awaited, members, servers, timer, resolve } = question;
    this.#clock.clearTimeout(timer);
    this.#open.delete(number);
    this.#answers.delete(name);
    resolve({ members, servers, complete: awaited.size === 0 });
  }
}

/** Returns the answers of a server to a question, as frames for the server that has asked. */
export function* answersTo(
  { origin, number, names }: AskedQuestion,
  size: (to: RecipientKind, name: string) => number,
): Generator<{ readonly topic: number; readonly bytes: Uint8Array }, undefined> {
  const asker = originText(origin);
  for (const { to, name } of names) {
    const writer = new WireWriter(16);
    writer.varint(number);
    writer.varint(size(to, name));
    const frame = { to: TO.asker, name: asker, except: "", form: FORM.bytes, payload: writer.bytes };
    yield { topic: topicOfOrigin(asker), bytes: writeFrame(frame) };
  }
}

/** The kinds of names that a question may be about. */
export const ASKED_KIND: RecipientKind = TO.group;
