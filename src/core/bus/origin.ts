/** The identity of a server: 48 bits, in hexadecimal as text. */
const DIGITS = 12;
const SESSION_ID = /^([0-9a-f]{12}):(\d{1,16})$/;

/** Returns a new identity. `random` is for simulations. */
export function newOrigin(random?: () => number): number {
  const bytes = new Uint8Array(6);
  if (random === undefined) crypto.getRandomValues(bytes);
  else for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(random() * 256);
  let origin = 0;
  for (const byte of bytes) origin = origin * 256 + byte;
  return origin;
}

export function originText(origin: number): string {
  return origin.toString(16).padStart(DIGITS, "0");
}

/** Returns the identity of a session in all servers of a bus. */
export function sessionId(origin: string, connection: number): string {
  return `${origin}:${connection}`;
}

/** Returns the origin of the identity of a session, or `undefined` for any other text. */
export function originOfSession(text: string): string | undefined {
  return SESSION_ID.exec(text)?.[1];
}
