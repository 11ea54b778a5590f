/** What a function in a worker threw, as plain values: cloning an error loses its `code`, on Bun also its `cause`. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: Thrown;
}

/** How far a chain of causes is followed: it may be a ring. */
const MOST_CAUSES = 4;

/** Takes apart what was thrown, which may be anything. */
export function takeApart(thrown: unknown, causes: number = MOST_CAUSES): Thrown {
  if (!(thrown instanceof Error)) return { name: "Error", message: text(thrown) };
  const { name, message, stack, cause } = thrown;
  const { code } = thrown as { code?: unknown };
  return {
    name,
    message,
    ...(typeof stack === "string" && { stack }),
    ...(typeof code === "string" && { code }),
    ...(cause !== undefined && causes > 0 && { cause: takeApart(cause, causes - 1) }),
  };
}

/** An error like the one that was thrown. */
export function putTogether({ name, message, cause, ...rest }: Thrown): Error {
  const error = new Error(message, cause && { cause: putTogether(cause) });
  for (const [property, value] of Object.entries({ name, ...rest })) {
    Object.defineProperty(error, property, { value, configurable: true, writable: true });
  }
  return error;
}

function text(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
