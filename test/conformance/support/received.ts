import { bounded, MOST_BYTES } from "../../support/bounded.ts";
import { gate } from "./platform.ts";

/** The bytes that a client received, for tests that wait for some of them. */
export class Received {
  readonly #chunks: Uint8Array[] = [];
  readonly #end = gate<"fin" | "reset">();
  #onChange: () => void = () => {};
  #over = false;
  readonly #step = bounded(MOST_BYTES);
  #excess: unknown;
  bytes = 0;

  get ended(): Promise<"fin" | "reset"> {
    return this.#end.promise;
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    try {
      this.#step(chunk.length);
      this.#chunks.push(chunk);
    } catch (excess) {
      // Thrown where somebody waits: what calls this would only end the whole run.
      this.#excess = excess;
    }
    this.#onChange();
  }

  end(how: "fin" | "reset"): void {
    this.#over = true;
    this.#end.open(how);
    this.#onChange();
  }

  async until(text: string): Promise<string> {
    while (!this.#text().includes(text)) {
      if (this.#over) throw new Error(`ended without ${JSON.stringify(text)}, after ${JSON.stringify(this.#text())}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    return this.#text();
  }

  async rest(): Promise<string> {
    await this.ended;
    return this.#text();
  }

  #text(): string {
    if (this.#excess !== undefined) throw this.#excess;
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }
}
