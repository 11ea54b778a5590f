import type { AnyProtocol, Protocol } from "../handler/handler.ts";
import { compose } from "../handler/middleware.ts";
import type { SessionHooks } from "../session/session_hooks.ts";
import type { SessionSettings } from "../session/session_settings.ts";

/** Returns the settings of sessions for each protocol, by its name: those of the service with the parts of the protocol. */
export function settingsOfProtocols<In, Out, State>(
  protocols: Readonly<Record<string, AnyProtocol<State>>> | undefined,
  settings: SessionSettings<In, Out, State>,
): ReadonlyMap<string, SessionSettings<In, Out, State>> {
  const all = new Map<string, SessionSettings<In, Out, State>>();
  for (const [name, protocol] of Object.entries(protocols ?? {})) {
    // The frames of a protocol meet only its own codec and handler.
    const { codec, handler, onDrain, onEnd } = protocol as unknown as Protocol<In, Out, State>;
    const { onDrain: _, onEnd: __, ...hooks } = settings.hooks ?? {};
    all.set(name, {
      ...settings,
      codec,
      handler: compose([], handler),
      hooks: { ...hooks, ...(onDrain && { onDrain }), ...(onEnd && { onEnd }) } satisfies SessionHooks<Out, State>,
    });
  }
  return all;
}
