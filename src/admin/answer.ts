/** The answer of a route. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns a value as JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { ...jsonText(JSON.stringify(value)), status, headers };
}

/** Returns text that is JSON already. */
export function jsonText(text: string): Answer {
  return { status: 200, contentType: "application/json; charset=utf-8", body: `${text}\n` };
}
