import type { Context, Handler } from "../../../src/core/mod.ts";

/** A frame that is with the handler until the test decides. */
export interface Answer {
  readonly frame: string;
  readonly context: Context;
  /** The code that its signal was aborted with. */
  readonly aborted: string | undefined;
  resolve(reply: string | undefined): void;
  reject(error: unknown): void;
}

/** A handler whose answers are given by hand. */
export interface Answers {
  readonly handler: Handler<string, string>;
  /** The frames that it was given, in order. */
  readonly frames: string[];
  /** The answer to that frame. */
  of(frame: string): Answer;
}

/** Makes one; `list` collects its answers. */
export function answers(list: Answer[] = []): Answers {
  const handler: Handler<string, string> = (frame, context) =>
    new Promise<string | undefined>((resolve, reject) => {
      const { signal } = context;
      list.push({
        frame,
        context,
        get aborted() {
          return signal.aborted ? (signal.reason as { code: string }).code : undefined;
        },
        resolve,
        reject,
      });
    });
  return {
    handler,
    get frames() {
      return list.map(({ frame }) => frame);
    },
    of(frame) {
      const answer = list.find((one) => one.frame === frame);
      if (answer === undefined) throw new Error(`the handler was not given ${JSON.stringify(frame)}`);
      return answer;
    },
  };
}
