// @ts-check
// The pipeline that the platform's own streams are made for, with a chunk per line.

/** @typedef {ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>} Pair */

/** @param {Pair} connection */
export async function echoLines({ readable, writable }) {
  await readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(splitLines())
    .pipeThrough(new TextEncoderStream())
    .pipeTo(writable);
}

/** @returns {TransformStream<string, string>} */
function splitLines() {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) controller.enqueue(`${line}\n`);
    },
  });
}
