import type { AnyMiddleware } from "../../core/mod.ts";

/**
 * Returns a middleware that gets the frames for which `sample` returns true, also when it is called by a middleware around it, which does
 * not ask before.
 */
export function sampled(sample: () => boolean, middleware: AnyMiddleware): AnyMiddleware {
  let taken = false;
  const sampling: AnyMiddleware = (frame, context, next) => {
    const isTaken = taken || sample();
    taken = false;
    return isTaken ? middleware(frame, context, next) : next(frame, context);
  };
  const samples = (): boolean => {
    taken = sample();
    return taken;
  };
  return Object.assign(sampling, { samples });
}
