/** These, one at each pull. */
export function sourceOf<Frame>(frames: Iterable<Frame>): ReadableStream<Frame> {
  const rest = frames[Symbol.iterator]();
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}
